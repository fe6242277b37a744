"""Changing many tickets: the steps of the plan, saved in a handful of statements however many there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Prefetch, prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from triage.models import BulkChange, Event, Field, FieldDecision, Label, Ticket
from triage.services.tickets import changing, corrections, rows
from triage.services.tickets.bulk import planning
from triage.services.tickets.bulk.asking import Selection, choose, read_order
from triage.services.tickets.bulk.planning import Step

LABEL_FIELDS = ("label_id", "team_id", "needs_review")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A step as it was made, in memory: what the ticket was before, and what is told of it."""

    ticket: Ticket
    was: Json
    events: tuple[Event, ...]
    is_labelled: bool

    def before(self, corrected: Mapping[int, Json]) -> Json:
        """A row of `BulkChange.befores`, once the ticket is saved."""
        row = {"id": self.ticket.pk, "version": self.ticket.version, "was": self.was}
        if self.is_labelled:
            row["corrected"] = corrected.get(self.ticket.pk)
        return row


def change_in_bulk(selection: Selection, *, action: str, value: str, by: User) -> BulkChange:
    """The tickets as changed, and what they were: all in one transaction, by the rules of a single change.

    Tickets that are so already stay untouched, so the same again changes nothing and its `befores` are empty.

    Args:
        value: For `assign` a user's id, else the slug of a team or a label, a priority or a status; "" for nobody and none.

    Raises:
        InvalidInput: Nothing is selected, or `action` or `value` names nothing there is; nothing is saved.
    """
    order = read_order(action, value)
    with transaction.atomic():
        tickets = rows.all_locked(choose(selection, by=by).tickets)
        steps = planning.plan(order, tickets).steps
        _load_labels(steps)
        corrected = _corrected(steps)
        made = [_make(step, by=by) for step in steps]
        _save(made, order.label, by=by)
        return BulkChange.objects.create(
            by=by,
            action=order.action,
            value=order.value,
            befores=[step.before(corrected) for step in made],
        )


def _load_labels(steps: Iterable[Step]) -> None:
    """The labels that are replaced, in one query."""
    tickets = [step.ticket for step in steps if step.label]
    prefetch_related_objects(tickets, Prefetch("label", Label.objects.only("slug")))


def _make(step: Step, *, by: User) -> Made:
    ticket, fields = step.ticket, _fields(step)
    was = {name: rows.plain(getattr(ticket, name)) for name in sorted(fields)}
    before = ticket.label.slug if step.label and ticket.label else None
    changed = changing.put(ticket, step.wanted)
    events = changing.build_events(ticket, changed, by=by) if changed else []
    if step.label:
        corrections.put_label(ticket, step.label)
        events.append(corrections.build_event(ticket, before=before, after=step.label.slug, by=by))
    return Made(ticket, was, tuple(events), is_labelled=step.label is not None)


def _fields(step: Step) -> set[str]:
    """What making the step may change of its ticket."""
    of_label = LABEL_FIELDS if step.label else ()
    return {*changing.saved_with(step.wanted), *of_label}


def _save(made: Sequence[Made], label: Label | None, *, by: User) -> None:
    if not made:
        return
    rows.save_all([step.ticket for step in made], {name for step in made for name in step.was})
    labelled = [step.ticket for step in made if step.is_labelled]
    corrections.label_decisions(*labelled).update(
        corrected_to=label.slug if label else F("value"),
        corrected_by=by,
        corrected_at=timezone.now(),
        correction_reason="",
    )
    Event.objects.bulk_create([event for step in made for event in step.events])


def _corrected(steps: Iterable[Step]) -> dict[int, Json]:
    """Which of the tickets a person has corrected before, and how, by their ids."""
    runs = {step.ticket.triage_id: step.ticket.pk for step in steps if step.label}
    decisions = FieldDecision.objects.filter(triage__in=runs, field=Field.LABEL)
    found = decisions.exclude(corrected_to="").values("triage_id", *corrections.NOT_CORRECTED)
    return {runs[row.pop("triage_id")]: _all_plain(row) for row in found}


def _all_plain(row: Mapping[str, Any]) -> Json:
    return {name: rows.plain(value) for name, value in row.items()}
