"""Alerts by mail. What is due stands in the opening's event: neither a mail server that is down nor a killed worker loses it.

A worker killed between handing a mail over and noting it sends it twice, under the same Message-ID.
"""

from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from accounts.addresses import site
from accounts.models import Role, User
from triage.models import Alert, AlertKind, Event, EventKind
from triage.services.alerts.meanings import ALERTS, MEANINGS, about

log = structlog.get_logger(__name__)

MAIL_IS_DUE = {"mail": "due"}
AT_ONCE = 20  # the rest a minute later
TEXT = """\
{message}

What to do: {advice}

{link}

It was opened on {opened:%-d %B %Y, %H:%M} UTC.{more} All alerts, and a snooze for this one: {alerts}
"""


def recipients() -> list[str]:
    """The addresses in TRIAGE_ALERT_EMAILS, else those of all admins."""
    if settings.TRIAGE_ALERT_EMAILS:
        return list(settings.TRIAGE_ALERT_EMAILS)
    admins = User.objects.filter(role=Role.ADMIN, is_active=True)
    return list(admins.order_by("email").values_list("email", flat=True))


def send_due() -> int:
    """Mail the openings that are due; how many were. After a failure the rest waits for the next minute."""
    sent, last = 0, 0
    for _ in range(AT_ONCE):
        try:
            found = _send_next(after=last)
        except OSError as error:  # what smtplib raises is one too
            log.warning("an alert was not mailed; tried again in a minute", error=str(error))
            return sent
        if found is None:
            return sent
        last, sent = found, sent + 1
    return sent


@transaction.atomic
def _send_next(*, after: int) -> int | None:
    """Mail the next opening that is due, if nobody else is at it; the event's id, or None where there is none.

    The event is locked while the mail server is asked: nobody waits for it. Raises OSError where the server fails.
    """
    # Events of no ticket are few, and have an index.
    due = Event.objects.filter(ticket=None, kind=EventKind.ALERT_OPENED, changes=MAIL_IS_DUE)
    locked = due.filter(pk__gt=after).select_for_update(skip_locked=True, of=("self",))
    event = locked.order_by("pk").first()
    if event is None:
        return None
    alert = Alert.objects.filter(pk=event.about_id or 0).first()
    to = recipients()
    try:
        if alert and to:
            build_mail(alert, event_id=event.pk, to=to).send()
    except ValueError as error:  # an address that no header can hold
        log.error("an alert cannot be mailed; tried again in a minute", error=str(error))
    else:
        Event.objects.filter(pk=event.pk).update(changes={})
    return event.pk


def build_mail(alert: Alert, *, event_id: int, to: list[str]) -> EmailMessage:
    """What happened, what to do, and the page that explains it."""
    meaning = MEANINGS[AlertKind(alert.kind)]
    more = " These are simulated figures." if settings.TRIAGE_SIMULATOR else ""
    if alert.resolved_at:
        more += f" It was over at {alert.resolved_at:%H:%M} UTC."
    text = TEXT.format(
        message=alert.message,
        advice=meaning.advice,
        link=f"{site()}{meaning.address(alert.scope)}",
        opened=alert.opened_at,
        more=more,
        alerts=f"{site()}{ALERTS}",
    )
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return EmailMessage(
        subject=" ".join(f"[Triage] {about(alert.kind, alert.scope)}".split()),
        body=text,
        to=to,
        headers={"Message-ID": f"<triage-alert-{event_id}@{sender.partition('@')[2]}>"},
    )
