"""Tickets and triage results for the pages' tests, saying only what a test is about."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Team, User
from triage.models import (
    Channel,
    Decision,
    Field,
    FieldDecision,
    Label,
    Message,
    Stage,
    State,
    TaxonomyVersion,
    Ticket,
    Triage,
)
from triage.models.tickets import AuthorKind
from triage.services import intake, taxonomy
from triage.services.intake import NewTicket

Guesses = tuple[tuple[str, float], ...]


def add_labels() -> dict[str, Label]:
    """Three labels by slug; the first routes to the team Billing."""
    billing = Team.objects.create(slug="billing", name="Billing")
    labels = {
        slug: Label.objects.create(slug=slug, name=name, team=team)
        for slug, name, team in (
            ("billing-wrong-charge", "Wrong charge", billing),
            ("account-login", "Login and access", None),
            ("delivery-late", "Late delivery", None),
        )
    }
    taxonomy.publish(by=User.objects.system())
    return labels


def add_ticket(
    subject: str = "Charged twice",
    description: str = "I was billed on May 3 and again on May 4.",
    *,
    created_at: datetime | None = None,
    name: str = "Ana Ruiz",
    email: str = "ana@example.com",
) -> Ticket:
    new = NewTicket(
        description=description,
        channel=Channel.EMAIL,
        subject=subject,
        requester_name=name,
        requester_email=email,
        created_at=created_at,
    )
    return Ticket.objects.get(pk=intake.receive(new).ticket.pk)


def decide(
    ticket: Ticket,
    label: str = "billing-wrong-charge",
    confidence: float | None = 0.58,
    *,
    decision: Decision = Decision.SUGGESTED,
    alternatives: Guesses = (("account-login", 0.31),),
    sides: dict[Field, tuple[str, float]] | None = None,
) -> Triage:
    """The ticket's waiting run, finished with this label decision, and the ticket as it then is."""
    run = finish_run(ticket)
    others = [{"value": value, "confidence": share} for value, share in alternatives]
    FieldDecision.objects.create(
        triage=run,
        field=Field.LABEL,
        value=label,
        confidence=confidence,
        threshold=0.85,
        decision=decision,
        alternatives=others,
    )
    for field, (value, share) in (sides or {}).items():
        _decide_side(run, field, value, share)
    ticket.suggested_label = Label.objects.filter(slug=label).first()
    ticket.needs_review = decision != Decision.APPLIED
    if decision == Decision.APPLIED:
        ticket.label = Label.objects.get(slug=label)
    ticket.version += 1
    ticket.save()
    return run


def finish_run(ticket: Ticket) -> Triage:
    run = Triage.objects.get(ticket=ticket, state=State.QUEUED)
    run.state, run.stage = State.DONE, Stage.STRONG
    run.escalated, run.escalation_reason = True, "confidence 0.58 is below 0.85"
    run.reason = "Two charges on one plan."
    run.obtained, run.cost_nanousd, run.latency_ms = "first", 142_000, 1_340
    run.model_asked = run.model_served = "claude-sonnet-5-5"
    run.prompt_version = "0123456789abcdef"
    run.thresholds = {"apply": 0.85, "suggest": 0.5, "label": 0.85}
    run.taxonomy_version = TaxonomyVersion.objects.first()
    run.finished_at = timezone.now() + timedelta(seconds=5)
    run.save()
    return run


def add_message(
    ticket: Ticket, body: str, *, by: User | None = None, is_public: bool = True
) -> None:
    Message.objects.create(
        ticket=ticket,
        author_kind=AuthorKind.AGENT if by else AuthorKind.REQUESTER,
        author=by,
        body=body,
        is_public=is_public,
    )


def _decide_side(run: Triage, field: Field, value: str, confidence: float) -> None:
    FieldDecision.objects.create(
        triage=run,
        field=field,
        value=value,
        confidence=confidence,
        threshold=0.85,
        decision=Decision.SUGGESTED if confidence >= 0.5 else Decision.WITHHELD,
    )
