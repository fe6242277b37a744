"""Mailing a sent reply to the customer. The message is stored before, so a mail that fails loses nothing.

What is due stands in the row, and the sweeper finds it: neither a broker nor a worker that is gone keeps a reply from its
customer. A worker killed between handing the mail over and noting it sends it twice, under the same Message-ID.
"""

from datetime import datetime, timedelta
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from triage.models import Message, Ticket
from triage.queue import TaskName, enqueue

log = structlog.get_logger(__name__)

TRIES = 6  # within two hours
DUE_AT_ONCE = 200
FIRST_PAUSE = timedelta(minutes=1)  # longer than a try takes, then tripling
MAIL_ERRORS = (
    OSError,
    ValueError,
)  # what smtplib raises is an OSError; what a header cannot hold is the other


def due_at(ticket: Ticket) -> datetime | None:
    """When a reply that is sent now may be mailed; None where no mail is set up or the customer has no address."""
    requester = ticket.requester
    is_possible = settings.TRIAGE_MAILS_REPLIES and requester and requester.email
    return timezone.now() if is_possible else None


def send_due(limit: int = DUE_AT_ONCE) -> int:
    """Send the tasks of the mails that are due. How many."""
    due = Message.objects.filter(
        mail_due_at__lte=Now() - timedelta(seconds=1), mail_tries__lt=TRIES
    )
    found = list(due.order_by("mail_due_at").values_list("pk", flat=True)[:limit])
    for message_id in found:
        enqueue(TaskName.MAIL_REPLY, message_id)
    return len(found)


def mail(message_id: int) -> None:
    """Mail a reply, if it is due; a failure is logged and tried again later."""
    message = _take(message_id)
    if message is None:
        return
    try:
        _build_mail(message).send()
    except MAIL_ERRORS as error:
        is_last = message.mail_tries >= TRIES
        tell = log.error if is_last else log.warning
        tell("a reply was not mailed", message=message.pk, is_last_try=is_last, error=str(error))
    else:
        Message.objects.filter(pk=message.pk).update(mail_due_at=None, mailed_at=timezone.now())


def _take(message_id: int) -> Message | None:
    """The message, if its mail is due; from now on it is due only after a pause, so nobody else mails it meanwhile."""
    due = Message.objects.filter(pk=message_id, mail_due_at__lte=Now(), mail_tries__lt=TRIES)
    tries = due.values_list("mail_tries", flat=True).first()
    if tries is None:
        return None
    pause = FIRST_PAUSE * 3**tries
    if not due.filter(mail_tries=tries).update(
        mail_tries=F("mail_tries") + 1, mail_due_at=Now() + pause
    ):
        return None
    return Message.objects.select_related("ticket__requester").get(pk=message_id)


def _build_mail(message: Message) -> EmailMessage:
    ticket = message.ticket
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return EmailMessage(
        subject=_subject(ticket.title),
        body=message.body,
        to=[ticket.requester.email] if ticket.requester else [],
        reply_to=[settings.TRIAGE_REPLY_TO] if settings.TRIAGE_REPLY_TO else None,
        headers={"Message-ID": f"<triage-message-{message.pk}@{sender.partition('@')[2]}>"},
    )


def _subject(title: str) -> str:
    return title if title.lower().startswith("re:") else f"Re: {title}"
