"""Mailing a sent reply to the customer. The message is stored before, so a mail that fails loses nothing.

What is due stands in the row, and the sweeper finds it: neither a broker nor a worker that is gone keeps a reply from its
customer. A worker killed between handing the mail over and noting it sends it twice, under the same Message-ID.
"""

from datetime import timedelta
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from triage.models import Draft
from triage.queue import TaskName, enqueue

log = structlog.get_logger(__name__)

TRIES = 6  # within two hours
FIRST_PAUSE = timedelta(minutes=1)  # longer than a try takes, then tripling
MAIL_ERRORS = (
    OSError,
    ValueError,
)  # what smtplib raises is an OSError; what a header cannot hold is the other


def is_possible(draft: Draft) -> bool:
    """Whether mail is set up, and the customer has an address."""
    requester = draft.ticket.requester
    return settings.TRIAGE_MAILS_REPLIES and bool(requester and requester.email)


def enqueue_mail(draft: Draft) -> None:
    """Send the task on commit, where a mail is due."""
    if draft.mail_due_at:
        enqueue(TaskName.MAIL_REPLY, draft.pk)


def send_due(limit: int) -> int:
    """Send the tasks of the mails that are due. How many."""
    due = Draft.objects.filter(mail_due_at__lte=Now() - timedelta(seconds=1), mail_tries__lt=TRIES)
    found = list(due.order_by("mail_due_at").values_list("pk", flat=True)[:limit])
    for draft_id in found:
        enqueue(TaskName.MAIL_REPLY, draft_id)
    return len(found)


def mail(draft_id: int) -> None:
    """Mail the reply that was sent with this draft, if it is due; a failure is logged and tried again later."""
    draft = _take(draft_id)
    if draft is None:
        return
    try:
        _build_mail(draft).send()
    except MAIL_ERRORS as error:
        is_last = draft.mail_tries >= TRIES
        tell = log.error if is_last else log.warning
        tell("a reply was not mailed", draft=draft.pk, is_last_try=is_last, error=str(error))
    else:
        Draft.objects.filter(pk=draft.pk).update(mail_due_at=None, mailed_at=timezone.now())


def _take(draft_id: int) -> Draft | None:
    """The draft, if its mail is due; from now on it is due only after a pause, so nobody else mails it meanwhile."""
    due = Draft.objects.filter(pk=draft_id, mail_due_at__lte=Now(), mail_tries__lt=TRIES)
    tries = due.values_list("mail_tries", flat=True).first()
    if tries is None:
        return None
    pause = FIRST_PAUSE * 3**tries
    if not due.filter(mail_tries=tries).update(
        mail_tries=F("mail_tries") + 1, mail_due_at=Now() + pause
    ):
        return None
    return Draft.objects.select_related("ticket__requester", "message").get(pk=draft_id)


def _build_mail(draft: Draft) -> EmailMessage:
    ticket, message = draft.ticket, draft.message
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return EmailMessage(
        subject=_subject(ticket.title),
        body=message.body if message else draft.text,
        to=[ticket.requester.email] if ticket.requester else [],
        reply_to=[settings.TRIAGE_REPLY_TO] if settings.TRIAGE_REPLY_TO else None,
        headers={"Message-ID": f"<triage-draft-{draft.pk}@{sender.partition('@')[2]}>"},
    )


def _subject(title: str) -> str:
    return title if title.lower().startswith("re:") else f"Re: {title}"
