"""Tickets' rows, locked for a change and saved with it."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from triage.exceptions import Conflict
from triage.models import Ticket


def locked(ticket_id: int, version: int | None) -> Ticket:
    """The row, locked until the transaction ends.

    Nothing is joined to it: what is joined to a row that was waited for belongs to what the row was before.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
        Conflict: It has changed since `version`.
    """
    ticket = Ticket.objects.select_for_update().defer("search").get(pk=ticket_id)
    if version is not None and ticket.version != version:
        raise Conflict("Somebody else changed this ticket while you were looking at it.")
    return ticket


def all_locked(tickets: QuerySet[Ticket]) -> list[Ticket]:
    """The rows without their long texts, locked in the order of their ids: two who lock many never wait for each other."""
    plain = tickets.defer("search", "description", "custom_fields")
    return list(plain.select_for_update().order_by("pk"))


def save(ticket: Ticket, *fields: str) -> None:
    """Save the named fields as the ticket's next version."""
    _move_on(ticket)
    ticket.save(update_fields=[*fields, "version", "updated_at"])


def save_all(tickets: Iterable[Ticket], fields: Iterable[str]) -> None:
    """Save the named fields of each, a foreign key as its `_id`, as its next version; in one statement.

    The database takes the rows apart: Django's own way to save many spends a second on writing the statement for 500.
    """
    rows, names = list(tickets), sorted({*fields, "version", "updated_at"})
    for ticket in rows:
        _move_on(ticket)
    given = [{name: plain(getattr(ticket, name)) for name in ("id", *names)} for ticket in rows]
    sets = ", ".join(f"{name} = given.{name}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE triage_ticket AS ticket SET {sets} "  # noqa: S608 - names of our own fields
            "FROM jsonb_populate_recordset(NULL::triage_ticket, %s) AS given WHERE ticket.id = given.id",
            [json.dumps(given)],
        )


def plain(value: Any) -> Any:
    """A field's value as JSON has it; moments to the microsecond."""
    return value.isoformat() if isinstance(value, datetime) else value


def _move_on(ticket: Ticket) -> None:
    ticket.version += 1
    ticket.updated_at = timezone.now()
