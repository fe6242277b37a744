"""Tickets as the workspace's tests want them: many at once, or with what triage named."""

from collections.abc import Sequence

from django.utils import timezone

from accounts.models import Team, User
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import (
    BulkChange,
    Channel,
    Decision,
    Event,
    Field,
    FieldDecision,
    Label,
    State,
    Ticket,
    Triage,
)
from triage.services import tickets
from triage.services.tickets import Selection

REFUND, LOGIN = "billing-wrong-charge", "account-login"

__all__ = ["LOGIN", "REFUND", "add_labels", "add_ticket", "decide"]


def add_many(count: int, **fields: object) -> list[Ticket]:
    """Rows without triage."""
    row = {"description": "x", "original_characters": 1, "channel": Channel.API, **fields}
    rows = (Ticket(subject=f"ticket {number}", **row) for number in range(count))
    return Ticket.objects.bulk_create(rows)


def suggest_to(many: Sequence[Ticket], label: Label, *, confidence: float = 0.7) -> None:
    """Give each a finished run that suggests the label."""
    now = timezone.now()
    runs = Triage.objects.bulk_create(
        Triage(ticket=ticket, state=State.DONE, stage="classify", finished_at=now)
        for ticket in many
    )
    FieldDecision.objects.bulk_create(
        FieldDecision(
            triage=run,
            field=Field.LABEL,
            value=label.slug,
            confidence=confidence,
            threshold=0.85,
            decision=Decision.SUGGESTED,
        )
        for run in runs
    )
    for ticket, run in zip(many, runs, strict=True):
        ticket.triage, ticket.suggested_label, ticket.needs_review = run, label, True
    Ticket.objects.bulk_update(many, ["triage", "suggested_label", "needs_review"])


def change_all(many: Sequence[Ticket], action: str, value: str, *, by: User) -> BulkChange:
    selection = Selection(ids=tuple(ticket.pk for ticket in many))
    return tickets.change_in_bulk(selection, action=action, value=value, by=by)


def reread(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("label", "team").get(pk=ticket.pk)


def label_decision(ticket: Ticket) -> FieldDecision:
    return FieldDecision.objects.get(triage__ticket=ticket, field=Field.LABEL)


def told(ticket: Ticket) -> list[tuple[str, dict[str, object]]]:
    """The kinds and changes of the ticket's events since it came in, in order."""
    events = Event.objects.filter(ticket=ticket).exclude(kind="ticket.created").order_by("id")
    return [(event.kind, event.changes) for event in events]


def a_team(slug: str = "trust") -> Team:
    return Team.objects.create(slug=slug, name=slug.title())
