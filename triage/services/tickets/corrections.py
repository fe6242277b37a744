"""A person's word on the label, and taking it back."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from triage.exceptions import InvalidInput
from triage.models import Event, EventKind, Field, FieldDecision, Label, Ticket
from triage.services.tickets import rows


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction replaced, so that it can be taken back: slugs, "" for none.

    `was_by_person` tells whether the earlier label was a person's too.
    """

    ticket: Ticket
    before: str
    after: str
    was_by_person: bool


def correct_label(
    ticket_id: int, *, label: str, by: User, version: int | None = None
) -> Correction:
    """Set the label to the slug `label` for good, its team with it; confirming the shown label is the same act.

    Args:
        version: The ticket's version that the person was looking at; None to take whatever is there.

    Raises:
        InvalidInput: There is no such active label.
        Conflict: The ticket has changed since `version`; nothing is saved.
    """
    # PostgreSQL cannot even look for a NUL.
    wanted = label.replace("\0", "")
    chosen = Label.objects.filter(slug__iexact=wanted, is_active=True).first()
    if chosen is None:
        raise InvalidInput("label", f"there is no active label {label[:60]!r}")
    with transaction.atomic():
        ticket = rows.locked(ticket_id, version)
        before = ticket.label.slug if ticket.label else ""
        was_by_person = Field.LABEL in ticket.set_by_person
        _note_correction(ticket, chosen.slug, by)
        _set_label(ticket, chosen)
        _record(ticket, before, chosen.slug, by)
    return Correction(ticket, before=before, after=chosen.slug, was_by_person=was_by_person)


def undo_correction(
    ticket_id: int, *, before: str, was_by_person: bool = False, version: int | None = None
) -> Ticket:
    """Take a correction back: the label `before` again ("" for none).

    Unless that label was a person's, triage may decide once more.

    Args:
        version: The ticket's version that the correction left; None to take whatever is there.

    Raises:
        Conflict: The ticket has changed since; nothing is saved.
    """
    earlier = Label.objects.filter(slug=before.replace("\0", "")).first() if before else None
    with transaction.atomic():
        ticket = rows.locked(ticket_id, version)
        FieldDecision.objects.filter(triage=ticket.triage, field=Field.LABEL).update(
            corrected_to="", corrected_by=None, corrected_at=None
        )
        _set_label(ticket, earlier)
        if not was_by_person:
            ticket.set_by_person = [f for f in ticket.set_by_person if f != Field.LABEL]
        ticket.needs_review = earlier is None
        ticket.save(update_fields=["set_by_person", "needs_review"])
    return ticket


def _note_correction(ticket: Ticket, slug: str, by: User) -> None:
    FieldDecision.objects.filter(triage=ticket.triage, field=Field.LABEL).update(
        corrected_to=slug, corrected_by=by, corrected_at=timezone.now()
    )


def _set_label(ticket: Ticket, label: Label | None) -> None:
    ticket.label = label
    if "team" not in ticket.set_by_person:
        ticket.team_id = label.team_id if label else None
    ticket.set_by_person = sorted({*ticket.set_by_person, Field.LABEL.value})
    ticket.needs_review = False
    rows.save(ticket, "label", "team", "set_by_person", "needs_review")


def _record(ticket: Ticket, before: str, after: str, by: User) -> None:
    changes = {"label": [before or None, after]}
    Event.objects.record(
        EventKind.TRIAGE_CORRECTED, ticket_id=ticket.pk, by_id=by.pk, changes=changes
    )
