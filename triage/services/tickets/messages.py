"""Adding to a ticket's thread, and mailing what a person sends."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from triage.exceptions import InvalidInput
from triage.models import Draft, Event, EventKind, Message, Status, Ticket
from triage.models.tickets import FINISHED, AuthorKind
from triage.queue import TaskName, enqueue
from triage.services.intake.cleaning import bounded, cleaned
from triage.services.tickets import mailing, rows

REOPENED_BY_REQUESTER = (*FINISHED, Status.PENDING)


def add_message(
    ticket_id: int,
    *,
    body: str,
    by: User,
    is_public: bool = True,
    author_kind: AuthorKind = AuthorKind.AGENT,
    is_mailed: bool = False,
) -> Message:
    """The stored message, `by` whoever handed it in; longer ones are cut with a mark, as descriptions are.

    Args:
        is_mailed: It is a reply that the customer gets by mail too, where mail is set up: a task does that.

    A requester's message reopens what was solved or pending, and makes drafts stale; an agent's public one opens what was new.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
        InvalidInput: The body is empty, or a requester's note is not public; nothing is saved.
    """
    text = cleaned(body)
    if not text:
        raise InvalidInput("body", "is missing or empty")
    is_requester = author_kind == AuthorKind.REQUESTER
    if is_requester and not is_public:
        raise InvalidInput("public", "a requester's message is always public")
    with transaction.atomic():
        ticket = rows.locked(ticket_id, None)
        message = Message.objects.create(
            ticket=ticket,
            author_kind=author_kind,
            author=None if is_requester else by,
            author_name=str(ticket.requester or "") if is_requester else str(by),
            body=bounded(text),
            is_public=is_public,
            created_at=timezone.now(),
            mail_due_at=mailing.due_at(ticket) if is_mailed else None,
        )
        if message.mail_due_at:
            enqueue(TaskName.MAIL_REPLY, message.pk)
        _move_on(ticket, is_requester=is_requester, is_public=is_public, by=by)
        Event.objects.record(
            EventKind.MESSAGE_CREATED, ticket_id=ticket.pk, about_id=message.pk, by_id=by.pk
        )
    return message


def _move_on(ticket: Ticket, *, is_requester: bool, is_public: bool, by: User) -> None:
    """The ticket's status after a message, and a new version of it in any case."""
    before = ticket.status
    if is_requester:
        Draft.objects.mark_stale(ticket.pk)
    if (is_requester and before in REOPENED_BY_REQUESTER) or (
        not is_requester and is_public and before == Status.NEW
    ):
        ticket.status, ticket.solved_at = Status.OPEN, None
        changes = {"status": [before, ticket.status]}
        Event.objects.record(
            EventKind.STATUS_CHANGED, ticket_id=ticket.pk, by_id=by.pk, changes=changes
        )
    rows.save(ticket, "status", "solved_at")
