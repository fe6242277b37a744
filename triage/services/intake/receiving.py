"""Storing what came, once, with its triage waiting beside it in the same transaction.

The answer goes out when the ticket is committed; Claude, Redis and the workers have no say in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from triage.exceptions import InvalidInput
from triage.models import Channel, Event, EventKind, Import, Priority, Requester, Ticket, Triage
from triage.models.tickets import SUBJECT_MAX_CHARACTERS
from triage.queue import TaskName, enqueue
from triage.services.intake.cleaning import bounded, cleaned, plain_json, shortened
from triage.services.intake.instructions import find_instruction

EXTERNAL_ID_MAX_CHARACTERS = 200
SOURCE_MAX_CHARACTERS = 60
NAME_MAX_CHARACTERS = 200
EMAIL_MAX_CHARACTERS = 254
BATCH_LOCK = 7_210_002  # two batches with the same ids in another order would wait for each other
Key = tuple[str, str]  # source and external id


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket as somebody hands it in. Only `description` is required; `created_at` is aware, by default now."""

    description: str
    channel: Channel
    subject: str = ""
    requester_name: str = ""
    requester_email: str = ""
    requester_external_id: str = ""
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
    """Store many, all or none, in their order; of doubles within `tickets` only the first is new.

    Args:
        is_urgent: Send each to the workers now; otherwise the sweeper brings them in turn.

    Raises:
        InvalidInput: A field of some ticket is unusable; nothing is stored.
    """
    unsaved = [_build(new, import_run) for new in tickets]
    while True:
        try:
            stored, fresh = _store(unsaved, is_urgent=is_urgent)
        except IntegrityError as error:
            if "ticket_source_external_id_unique" not in str(error):
                raise
            continue
        return _received(stored, {ticket.pk for ticket in fresh})


def check(new: NewTicket) -> None:
    """Raises InvalidInput where a field is unusable."""
    if not cleaned(new.description):
        raise InvalidInput("description", "is missing or empty")
    if new.priority and new.priority not in Priority.values:
        raise InvalidInput("priority", f"must be one of {', '.join(Priority.values)}")
    _check_length("external_id", new.external_id, EXTERNAL_ID_MAX_CHARACTERS)
    _check_length("source", new.source, SOURCE_MAX_CHARACTERS)
    _check_length("requester.external_id", new.requester_external_id, EXTERNAL_ID_MAX_CHARACTERS)
    if (email := _email(new)) and not is_email(email):
        raise InvalidInput("requester_email", "is not an e-mail address")


def is_email(text: str) -> bool:
    """Whether mail could be sent to `text`."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= EMAIL_MAX_CHARACTERS


def _check_length(name: str, text: str, most: int) -> None:
    if len(cleaned(text)) > most:
        raise InvalidInput(name, f"is longer than {most} characters")


def _email(new: NewTicket) -> str:
    return cleaned(new.requester_email).lower()


def _build(new: NewTicket, import_run: Import | None) -> Ticket:
    """The ticket, unsaved, with an unsaved requester."""
    check(new)
    text = cleaned(new.description)
    subject, description = shortened(new.subject, most=SUBJECT_MAX_CHARACTERS), bounded(text)
    return Ticket(
        subject=subject,
        description=description,
        requester=_requester(new),
        original_characters=len(text),
        instruction_text=find_instruction(f"{subject}\n{description}"),
        channel=new.channel,
        priority=new.priority,
        set_by_person=["priority"] if new.priority else [],
        tags=list(dict.fromkeys(cleaned(tag)[:60] for tag in new.tags if cleaned(tag))),
        source=cleaned(new.source),
        external_id=cleaned(new.external_id),
        custom_fields=plain_json(new.custom_fields),
        known_label=cleaned(new.known_label)[:200],
        split=cleaned(new.split)[:20],
        import_run=import_run,
        created_at=new.created_at or timezone.now(),
        updated_at=timezone.now(),
    )


def _requester(new: NewTicket) -> Requester | None:
    """Whoever asks, unsaved; None where nothing is known of them."""
    name = shortened(new.requester_name, most=NAME_MAX_CHARACTERS)
    email, external_id = _email(new), cleaned(new.requester_external_id)
    if not (name or email or external_id):
        return None
    return Requester(name=name, email=email, external_id=external_id)


def _received(stored: Iterable[Ticket], new_ids: set[int]) -> list[Received]:
    received = []
    for ticket in stored:
        received.append(Received(ticket, is_new=ticket.pk in new_ids))
        new_ids.discard(ticket.pk)
    return received


def _store(unsaved: Sequence[Ticket], *, is_urgent: bool) -> tuple[list[Ticket], list[Ticket]]:
    """`(the stored ticket for each, those that are new)`, in a transaction of its own.

    Raises:
        IntegrityError: Another writer brought the same key meanwhile; on the next round its ticket is found.
    """
    keys = [_key(ticket) or ("", str(number)) for number, ticket in enumerate(unsaved)]
    with transaction.atomic():
        if len(unsaved) > 1:
            _take_batch_lock()
        known = _find_known(unsaved)
        fresh: dict[Key, Ticket] = {}
        for key, ticket in zip(keys, unsaved, strict=True):
            if key not in known:
                fresh.setdefault(key, ticket)
        _attach_requesters(fresh.values())
        _insert(list(fresh.values()))
        if is_urgent:
            for run in (ticket.triage for ticket in fresh.values() if ticket.triage):
                enqueue(TaskName.TRIAGE_TICKET, run.pk)
    return [known.get(key) or fresh[key] for key in keys], list(fresh.values())


def _find_known(unsaved: Iterable[Ticket]) -> dict[Key, Ticket]:
    wanted: dict[str, set[str]] = {}
    for source, external_id in filter(None, map(_key, unsaved)):
        wanted.setdefault(source, set()).add(external_id)
    found: dict[Key, Ticket] = {}
    for source, external_ids in wanted.items():
        rows = Ticket.objects.filter(source=source, external_id__in=external_ids).defer("search")
        found |= {(source, ticket.external_id): ticket for ticket in rows}
    return found


def _attach_requesters(tickets: Iterable[Ticket]) -> None:
    """Saved requesters in place of the unsaved: one an address; a name alone makes one of its own."""
    asking = [ticket for ticket in tickets if ticket.requester]
    wanted = {ticket.requester.email: ticket.requester for ticket in asking if ticket.requester}
    known = _requesters_by_email({email: asker for email, asker in wanted.items() if email})
    for ticket in asking:
        if ticket.requester and ticket.requester.email:
            ticket.requester = known.get(ticket.requester.email)
    nameless = [t.requester for t in asking if t.requester and not t.requester.email]
    Requester.objects.bulk_create(nameless)


def _requesters_by_email(wanted: dict[str, Requester]) -> dict[str, Requester]:
    """Found or made. Most have written before, so they are looked for first."""
    known = _find_requesters(wanted)
    if missing := sorted(wanted.keys() - known.keys()):
        Requester.objects.bulk_create([wanted[email] for email in missing], ignore_conflicts=True)
        known |= _find_requesters(missing)
    return known


def _find_requesters(emails: Iterable[str]) -> dict[str, Requester]:
    """Through the index on the lowered address, which a person may have spelled with capitals."""
    rows = Requester.objects.exclude(email="").alias(lowered=Lower("email"))
    return {row.email.lower(): row for row in rows.filter(lowered__in=list(emails))}


def _insert(tickets: list[Ticket]) -> None:
    """The tickets, each with a waiting triage and the news of it.

    The runs' ids are drawn first: a ticket that is written once, and not again with its run, costs half in its indexes.
    """
    for ticket, run_id in zip(tickets, _draw_run_ids(len(tickets)), strict=True):
        ticket.triage_id = run_id
    Ticket.objects.bulk_create(tickets)
    runs = Triage.objects.bulk_create(
        [Triage(pk=ticket.triage_id, ticket=ticket) for ticket in tickets]
    )
    for ticket, run in zip(tickets, runs, strict=True):
        ticket.triage = run
    Event.objects.bulk_create(
        [Event(kind=EventKind.TICKET_CREATED, ticket=ticket) for ticket in tickets]
    )


def _draw_run_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('triage_triage', 'id')) FROM generate_series(1, %s)",
            [count],
        )
        return [row[0] for row in cursor.fetchall()]


def _key(ticket: Ticket) -> Key | None:
    return (ticket.source, ticket.external_id) if ticket.external_id else None


def _take_batch_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BATCH_LOCK])
