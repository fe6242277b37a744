"""Storing what came, once, with its triage waiting beside it in the same transaction.

The answer goes out when the ticket is committed; Claude, Redis and the workers have no say in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from triage.exceptions import InvalidInput
from triage.models import Channel, Import, Priority, Requester, Ticket, Triage
from triage.models.tickets import SUBJECT_MAX_CHARACTERS
from triage.queue import TaskName, enqueue
from triage.services.intake.cleaning import bounded, cleaned
from triage.services.intake.instructions import find_instruction

Key = tuple[str, str]  # source and external id


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket as somebody hands it in. Only `description` is required; `created_at` is aware, by default now."""

    description: str
    channel: Channel
    subject: str = ""
    requester_name: str = ""
    requester_email: str = ""
    priority: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""
    external_id: str = ""
    created_at: datetime | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    known_label: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A stored ticket, and whether it is new; a known `source` and `external_id` gives the old one back."""

    ticket: Ticket
    is_new: bool


def receive(new: NewTicket) -> Received:
    """Store one ticket and let it be triaged soon.

    Raises:
        InvalidInput: A field is unusable; nothing is stored.
    """
    (received,) = receive_many([new])
    return received


def receive_many(
    tickets: Sequence[NewTicket], *, import_run: Import | None = None, is_urgent: bool = True
) -> list[Received]:
    """Store many, all or none, in their order; doubles within `tickets` count once.

    Args:
        is_urgent: Send each to the workers now; otherwise the sweeper brings them in turn.

    Raises:
        InvalidInput: A field of some ticket is unusable; nothing is stored.
    """
    unsaved = [_build(new, import_run) for new in tickets]
    with transaction.atomic():
        _attach_requesters(unsaved, tickets)
        stored, fresh = _store(unsaved)
        if is_urgent:
            for run in (ticket.triage for ticket in fresh if ticket.triage):
                enqueue(TaskName.TRIAGE_TICKET, run.pk)
    new_ids = {ticket.pk for ticket in fresh}
    return [Received(ticket, is_new=ticket.pk in new_ids) for ticket in stored]


def _build(new: NewTicket, import_run: Import | None) -> Ticket:
    description = cleaned(new.description)
    if not description:
        raise InvalidInput("description", "is empty")
    if new.priority and new.priority not in Priority.values:
        raise InvalidInput("priority", f"must be one of {', '.join(Priority.values)}")
    subject = " ".join(cleaned(new.subject).split())
    created_at = new.created_at or timezone.now()
    return Ticket(
        subject=subject[:SUBJECT_MAX_CHARACTERS],
        description=bounded(description),
        original_characters=len(description),
        instruction_text=find_instruction(f"{subject}\n{description}"),
        channel=new.channel,
        priority=new.priority,
        set_by_person=["priority"] if new.priority else [],
        tags=[cleaned(tag)[:60] for tag in new.tags if cleaned(tag)],
        source=cleaned(new.source)[:60],
        external_id=_external_id(new),
        custom_fields=new.custom_fields,
        known_label=cleaned(new.known_label)[:200],
        split=cleaned(new.split)[:20],
        import_run=import_run,
        created_at=created_at,
        updated_at=timezone.now(),
    )


def _external_id(new: NewTicket) -> str:
    external_id = cleaned(new.external_id)
    if len(external_id) > 200:
        raise InvalidInput("external_id", "is longer than 200 characters")
    return external_id


def _attach_requesters(unsaved: Iterable[Ticket], tickets: Sequence[NewTicket]) -> None:
    """One requester an address; a name alone makes a requester of its own."""
    emails = {cleaned(new.requester_email).lower()[:254] for new in tickets} - {""}
    names = {cleaned(new.requester_email).lower(): cleaned(new.requester_name) for new in tickets}
    Requester.objects.bulk_create(
        [Requester(email=email, name=names.get(email, "")[:200]) for email in sorted(emails)],
        ignore_conflicts=True,
    )
    known = {r.email.lower(): r for r in Requester.objects.filter(email__in=emails)}
    for ticket, new in zip(unsaved, tickets, strict=True):
        email, name = cleaned(new.requester_email).lower()[:254], cleaned(new.requester_name)[:200]
        if email:
            ticket.requester = known[email]
        elif name:
            ticket.requester = Requester.objects.create(name=name)


def _store(unsaved: Sequence[Ticket]) -> tuple[list[Ticket], list[Ticket]]:
    """`(the stored ticket for each, those that are new)`.

    Two writers may bring the same key at once; who comes second finds the first one's ticket on the next round.
    """
    while True:
        known = _find_known(unsaved)
        fresh: dict[Key, Ticket] = {}
        for number, ticket in enumerate(unsaved):
            key = _key(ticket) or ("", str(number))
            if key not in known:
                fresh.setdefault(key, ticket)
        try:
            with transaction.atomic():
                _insert(list(fresh.values()))
        except IntegrityError as error:
            if "ticket_source_external_id_unique" not in str(error):
                raise
            continue
        stored = [
            known.get(key) or fresh[key]
            for key in (_key(t) or ("", str(n)) for n, t in enumerate(unsaved))
        ]
        return stored, list(fresh.values())


def _find_known(unsaved: Iterable[Ticket]) -> dict[Key, Ticket]:
    wanted: dict[str, set[str]] = {}
    for source, external_id in filter(None, map(_key, unsaved)):
        wanted.setdefault(source, set()).add(external_id)
    found: dict[Key, Ticket] = {}
    for source, external_ids in wanted.items():
        rows = Ticket.objects.filter(source=source, external_id__in=external_ids)
        found |= {(source, ticket.external_id): ticket for ticket in rows}
    return found


def _insert(tickets: list[Ticket]) -> None:
    """The tickets, each with a waiting triage."""
    Ticket.objects.bulk_create(tickets)
    runs = Triage.objects.bulk_create([Triage(ticket=ticket) for ticket in tickets])
    for ticket, run in zip(tickets, runs, strict=True):
        ticket.triage = run
    newest = Triage.objects.filter(ticket=OuterRef("pk")).values("pk")[:1]
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(triage=Subquery(newest))


def _key(ticket: Ticket) -> Key | None:
    return (ticket.source, ticket.external_id) if ticket.external_id else None
