"""A ticket's row, locked for a change and saved with it."""

from django.utils import timezone

from triage.exceptions import Conflict
from triage.models import Ticket


def locked(ticket_id: int, version: int | None) -> Ticket:
    """The row, locked until the transaction ends.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
        Conflict: It has changed since `version`.
    """
    tickets = Ticket.objects.select_for_update(of=("self",)).select_related("label")
    ticket = tickets.defer("search").get(pk=ticket_id)
    if version is not None and ticket.version != version:
        raise Conflict("Somebody else changed this ticket while you were looking at it.")
    return ticket


def save(ticket: Ticket, *fields: str) -> None:
    """Save the named fields as the ticket's next version."""
    ticket.version += 1
    ticket.updated_at = timezone.now()
    ticket.save(update_fields=[*fields, "version", "updated_at"])
