"""Changing a ticket's own fields. What a person sets here, triage no longer touches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Team, User
from triage.exceptions import InvalidInput
from triage.models import Event, EventKind, Priority, Status, Ticket
from triage.models.tickets import FINISHED, SUBJECT_MAX_CHARACTERS
from triage.services.intake.cleaning import cleaned, plain_json, shortened
from triage.services.tickets import rows

TAG_MAX_CHARACTERS = 60
TAGS_AT_MOST = 50
DECIDED_BY_TRIAGE = {"priority": "priority", "team_id": "team"}

Changed = dict[str, list[Any]]  # {field: [before, after]}, as events have it


@dataclass(frozen=True, slots=True)
class Keep:
    """Stands for "leave it as it is", where None is a value."""


KEEP = Keep()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to set; what is not given stays. None takes a person or a team away; "" takes a priority away."""

    subject: str | Keep = KEEP
    status: str | Keep = KEEP
    priority: str | Keep = KEEP
    team_id: int | Keep | None = KEEP
    assignee_id: int | Keep | None = KEEP
    tags: tuple[str, ...] | Keep = KEEP
    custom_fields: Mapping[str, Any] | Keep = KEEP

    def given(self) -> dict[str, Any]:
        """The fields to set, by name, cleaned."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        given = {name: value for name, value in named.items() if value is not KEEP}
        return {name: _clean(name, value) for name, value in given.items()}


def change(ticket_id: int, changes: Changes, *, by: User, version: int | None = None) -> Ticket:
    """The ticket as changed; one that already is so stays untouched, and nothing is told.

    Args:
        version: The ticket's version that the caller was looking at; None to take whatever is there.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
        InvalidInput: A value is unusable; nothing is saved.
        Conflict: The ticket has changed since `version`; nothing is saved.
    """
    wanted = checked(changes)
    with transaction.atomic():
        ticket = rows.locked(ticket_id, version)
        changed = put(ticket, wanted)
        if changed:
            rows.save(ticket, *saved_with(changed))
            Event.objects.bulk_create(build_events(ticket, changed, by=by))
    return ticket


def checked(changes: Changes) -> dict[str, Any]:
    """The fields to set, by name, cleaned.

    Raises:
        InvalidInput: A value is unusable.
    """
    wanted = changes.given()
    _check(wanted)
    return wanted


def put(ticket: Ticket, wanted: Mapping[str, Any]) -> Changed:
    """Set on the ticket in memory what differs, and what follows from it. Empty where nothing does."""
    before = {name: getattr(ticket, name) for name in wanted}
    changed = {name: [before[name], to] for name, to in wanted.items() if to != before[name]}
    for name, (_, to) in changed.items():
        setattr(ticket, name, to)
    if "status" in changed:
        ticket.solved_at = _solved_at(ticket)
    by_person = {DECIDED_BY_TRIAGE[name] for name in changed if name in DECIDED_BY_TRIAGE}
    ticket.set_by_person = sorted({*ticket.set_by_person, *by_person})
    return changed


def saved_with(changed: Iterable[str]) -> set[str]:
    """The fields to save where these have changed."""
    return {*changed, "solved_at", "set_by_person"}


def build_events(ticket: Ticket, changed: Changed, *, by: User | None) -> list[Event]:
    """What is told of a change, unsaved."""
    kinds = [EventKind.TICKET_UPDATED]
    if "status" in changed:
        kinds.append(EventKind.STATUS_CHANGED)
    if "assignee_id" in changed or "team_id" in changed:
        kinds.append(EventKind.TICKET_ASSIGNED)
    return [Event(kind=kind, ticket=ticket, by=by, changes=changed) for kind in kinds]


def _check(wanted: Mapping[str, Any]) -> None:
    if wanted.get("status", Status.NEW) not in Status.values:
        raise InvalidInput("status", f"must be one of {', '.join(Status.values)}")
    if wanted.get("priority") and wanted["priority"] not in Priority.values:
        raise InvalidInput("priority", f"must be one of {', '.join(Priority.values)}")
    if len(wanted.get("tags", ())) > TAGS_AT_MOST:
        raise InvalidInput("tags", f"are more than {TAGS_AT_MOST}")
    team_id, assignee_id = wanted.get("team_id"), wanted.get("assignee_id")
    if team_id is not None and not Team.objects.filter(pk=team_id).exists():
        raise InvalidInput("team_id", f"there is no team {team_id}")
    if assignee_id is not None and not _can_be_assigned(assignee_id):
        raise InvalidInput("assignee_id", f"there is no active agent {assignee_id}")


def _can_be_assigned(user_id: int) -> bool:
    user = User.objects.filter(pk=user_id).first()
    return user is not None and user.can_work_tickets


def _solved_at(ticket: Ticket) -> Any:
    """Since when it has been finished: a solved ticket that is closed was solved before."""
    return (ticket.solved_at or timezone.now()) if ticket.status in FINISHED else None


def _clean(name: str, value: Any) -> Any:
    match name:
        case "subject":
            return shortened(value, most=SUBJECT_MAX_CHARACTERS)
        case "tags":
            tags = (cleaned(tag)[:TAG_MAX_CHARACTERS] for tag in value)
            return list(dict.fromkeys(tag for tag in tags if tag))  # each once, in the order given
        case "custom_fields":
            return plain_json(dict(value))
        case _:
            return value
