"""A person's word on the label, and taking it back.

`Ticket.suggested_label` is left as it is: it says what the newest run named, also beside a label that a person chose.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import (
    CorrectionReason,
    Event,
    EventKind,
    Field,
    FieldDecision,
    Label,
    Ticket,
)
from triage.services.tickets import changing, naming, rows
from triage.services.tickets.naming import NOTHING, Named

LABEL_FIELDS = ("label", "team", "set_by_person", "needs_review")
NOT_CORRECTED = {
    "corrected_to": "",
    "corrected_by": None,
    "corrected_at": None,
    "correction_reason": "",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction replaced, so that it can be taken back: slugs, "" for none.

    `was_by_person` tells whether the earlier label was a person's too, `took_priority` whether a suggested priority was
    taken with the label, `is_disagreement` whether the newest run had named another label.
    """

    ticket: Ticket
    before: str
    after: str
    was_by_person: bool
    took_priority: bool = False
    is_disagreement: bool = False


def correct_label(
    ticket_id: int, *, label: str, by: User, version: int | None = None, reason: str = ""
) -> Correction:
    """Set the label to the slug `label` for good, its team with it; confirming the shown label is the same act.

    What is a person's word already stays untouched, and nothing is told; a reason can be added so.

    Args:
        version: The ticket's version that the person was looking at; None to take whatever is there.
        reason: A CorrectionReason; it is kept with the run's decision, where there is one.

    Raises:
        InvalidInput: There is no such active label, or no such reason.
        Conflict: The ticket has changed since `version`; nothing is saved.
    """
    _check_reason(reason)
    chosen = naming.get_label(label)
    with transaction.atomic():
        ticket = rows.locked(ticket_id, version)
        named = naming.named_for([ticket]).get(ticket.pk, NOTHING)
        if named.is_settled(ticket, chosen):
            if reason:
                label_decisions(ticket).update(correction_reason=reason)
            return Correction(ticket, chosen.slug, chosen.slug, was_by_person=True)
        return _correct(ticket, chosen, named, by=by, reason=reason)


def note_reason(ticket_id: int, *, reason: str) -> None:
    """Keep why the label was corrected with the correction; "" takes the reason away.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
        InvalidInput: There is no such reason.
        Conflict: Nobody has corrected what the newest run named.
    """
    _check_reason(reason)
    with transaction.atomic():
        corrected = label_decisions(rows.locked(ticket_id, None)).exclude(corrected_to="")
        if not corrected.update(correction_reason=reason):
            raise Conflict("There is no correction that the reason could be kept with.")


def accept(ticket_id: int, *, by: User, version: int | None = None) -> Correction:
    """Make the label that the newest run named a person's word, and the priority that it suggests, where none is set.

    Also a label that was too unsure to be suggested: a person is looking at it.

    Raises:
        InvalidInput: The newest run has named no label that is active.
        Conflict: The ticket has changed since `version`; nothing is saved.
    """
    with transaction.atomic():
        ticket = rows.locked(ticket_id, version)
        named = naming.named_for([ticket]).get(ticket.pk, NOTHING)
        label = naming.find_named_label(named, naming.active_labels())
        if label is None:
            raise InvalidInput("label", "triage has named no label that could be taken")
        priority = named.priority_for(ticket)
        if named.is_settled(ticket, label) and not priority:
            return Correction(ticket, label.slug, label.slug, was_by_person=True)
        return _correct(ticket, label, named, by=by, priority=priority)


def undo_correction(
    ticket_id: int,
    *,
    before: str,
    was_by_person: bool = False,
    took_priority: bool = False,
    version: int | None = None,
    by: User | None = None,
) -> Ticket:
    """Take a correction back: the label `before` again ("" for none), and no priority where one was taken with it.

    Unless that label was a person's, triage may decide once more.

    Args:
        version: The ticket's version that the correction left; None to take whatever is there.

    Raises:
        Conflict: The ticket has changed since; nothing is saved.
    """
    earlier = Label.objects.filter(slug=before.replace("\0", "")).first() if before else None
    with transaction.atomic():
        ticket = rows.locked(ticket_id, version)
        changed = {"label": [_slug(ticket), earlier.slug if earlier else None]}
        if took_priority:
            changed |= changing.put(ticket, {"priority": ""})
        put_label(ticket, earlier)
        free = {Field.LABEL} if not was_by_person else set()
        free |= {Field.PRIORITY} if took_priority else set()
        ticket.set_by_person = [name for name in ticket.set_by_person if name not in free]
        ticket.needs_review = earlier is None
        label_decisions(ticket).update(**NOT_CORRECTED)
        rows.save(ticket, *LABEL_FIELDS, "priority")
        Event.objects.bulk_create(changing.build_events(ticket, changed, by=by))
    return ticket


def put_label(ticket: Ticket, label: Label | None) -> None:
    """Set the label on the ticket in memory, as a person's, and what follows from it."""
    ticket.label = label
    if "team" not in ticket.set_by_person:
        ticket.team_id = label.team_id if label else None
    ticket.set_by_person = sorted({*ticket.set_by_person, Field.LABEL.value})
    ticket.needs_review = False


def build_event(ticket: Ticket, *, before: str | None, after: str, by: User) -> Event:
    """What is told of a correction, unsaved."""
    changes = {"label": [before, after]}
    return Event(kind=EventKind.TRIAGE_CORRECTED, ticket=ticket, by=by, changes=changes)


def label_decisions(*tickets: Ticket) -> QuerySet[FieldDecision]:
    """What the tickets' newest runs decided on their labels."""
    runs = [ticket.triage_id for ticket in tickets if ticket.triage_id]
    return FieldDecision.objects.filter(triage__in=runs, field=Field.LABEL)


def _check_reason(reason: str) -> None:
    if reason not in CorrectionReason.values:
        raise InvalidInput("reason", f"must be one of {', '.join(filter(None, CorrectionReason))}")


def _correct(
    ticket: Ticket,
    label: Label,
    named: Named,
    *,
    by: User,
    reason: str = "",
    priority: str = "",
) -> Correction:
    before, was_by_person = _slug(ticket), Field.LABEL in ticket.set_by_person
    changed = changing.put(ticket, {"priority": priority}) if priority else {}
    put_label(ticket, label)
    label_decisions(ticket).update(
        corrected_to=label.slug,
        corrected_by=by,
        corrected_at=timezone.now(),
        correction_reason=reason,
    )
    rows.save(ticket, *LABEL_FIELDS, *changed)
    events = [build_event(ticket, before=before, after=label.slug, by=by)]
    events += changing.build_events(ticket, changed, by=by) if changed else []
    Event.objects.bulk_create(events)
    return Correction(
        ticket,
        before=before or "",
        after=label.slug,
        was_by_person=was_by_person,
        took_priority=bool(changed),
        is_disagreement=named.label is not None and named.label.value != label.slug,
    )


def _slug(ticket: Ticket) -> str | None:
    return ticket.label.slug if ticket.label else None
