"""Taking a change of many tickets back, once, by whoever made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Manager
from django.utils import timezone

from accounts.models import Team, User
from triage.exceptions import Conflict
from triage.models import BulkChange, Event, Field, FieldDecision, Label, Ticket
from triage.services.tickets import changing, corrections, rows
from triage.services.tickets.changing import Changed

Json = dict[str, Any]
OWNERS: dict[str, Manager[Any]] = {
    "assignee_id": User.objects,
    "team_id": Team.objects,
    "label_id": Label.objects,
}
TOLD = ("status", "priority", "assignee_id", "team_id")


@dataclass(frozen=True, slots=True)
class UndoneBulk:
    """How many tickets are again what they were, and how many have moved on since and were left alone."""

    undone: int
    left_alone: int


def undo_bulk(bulk_id: int, *, by: User) -> UndoneBulk:
    """Make the tickets again what they were before, as a change of its own that is told.

    Raises:
        BulkChange.DoesNotExist: There is no such change, or another person made it.
        Conflict: It was taken back already.
    """
    with transaction.atomic():
        bulk = BulkChange.objects.select_for_update().get(pk=bulk_id, by=by)
        if bulk.undone_at:
            raise Conflict("This change was taken back already.")
        befores = {row["id"]: row for row in bulk.befores}
        tickets = _still_so(befores)
        _restore(tickets, befores, by=by)
        bulk.undone_at = timezone.now()
        bulk.save(update_fields=["undone_at"])
    return UndoneBulk(len(tickets), len(befores) - len(tickets))


def _still_so(befores: Mapping[int, Json]) -> list[Ticket]:
    """The tickets as the change left them, locked; without those whose former owner or label is gone."""
    tickets = rows.all_locked(Ticket.objects.filter(pk__in=befores))
    known = {name: _existing(name, befores) for name in OWNERS}
    return [
        ticket
        for ticket in tickets
        if ticket.version == befores[ticket.pk]["version"]
        and all(befores[ticket.pk]["was"].get(name) in ids for name, ids in known.items())
    ]


def _existing(name: str, befores: Mapping[int, Json]) -> set[int | None]:
    """Of the ids that tickets had there, those that there still are, and none."""
    wanted = {row["was"].get(name) for row in befores.values()} - {None}
    there = OWNERS[name].filter(pk__in=wanted).values_list("pk", flat=True) if wanted else ()
    return {*there, None}


def _restore(tickets: Sequence[Ticket], befores: Mapping[int, Json], *, by: User) -> None:
    if not tickets:
        return
    slugs = (
        dict(Label.objects.values_list("pk", "slug"))
        if any(map(_is_labelled, befores.values()))
        else {}
    )
    events: list[Event] = []
    for ticket in tickets:
        before = befores[ticket.pk]
        changed = _put_back(ticket, before, slugs)
        events += changing.build_events(ticket, changed, by=by)
    _restore_decisions({t.triage_id: befores[t.pk] for t in tickets if t.triage_id})
    rows.save_all(tickets, {name for ticket in tickets for name in befores[ticket.pk]["was"]})
    Event.objects.bulk_create(events)


def _put_back(ticket: Ticket, before: Json, slugs: Mapping[int, str]) -> Changed:
    """Set on the ticket in memory what it was. What is told of it, as of the change itself."""
    was = before["was"]
    told = [
        name for name in TOLD if name in was and not (name == "team_id" and _is_labelled(before))
    ]
    changed = {name: [getattr(ticket, name), was[name]] for name in told}
    if _is_labelled(before):
        changed["label"] = [slugs.get(pk or 0) for pk in (ticket.label_id, was["label_id"])]
    for name, value in was.items():
        setattr(ticket, name, _moment(value) if name == "solved_at" else value)
    return changed


def _restore_decisions(befores: Mapping[int, Json]) -> None:
    """What people had made of the labels before, by run: mostly nothing."""
    labelled = {run: row["corrected"] for run, row in befores.items() if _is_labelled(row)}
    decisions = FieldDecision.objects.filter(triage__in=labelled, field=Field.LABEL)
    corrected = {run: was for run, was in labelled.items() if was}
    decisions.exclude(triage__in=corrected).update(**corrections.NOT_CORRECTED)
    again = list(decisions.filter(triage__in=corrected))
    for decision in again:
        was = corrected[decision.triage_id]
        decision.corrected_to = was["corrected_to"]
        decision.corrected_by_id = was["corrected_by"]
        decision.corrected_at = _moment(was["corrected_at"])
        decision.correction_reason = was["correction_reason"]
    FieldDecision.objects.bulk_update(again, list(corrections.NOT_CORRECTED), batch_size=500)


def _is_labelled(before: Json) -> bool:
    return "corrected" in before


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
