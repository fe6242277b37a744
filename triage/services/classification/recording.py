"""Writing down what a run decided, with everything that decided it, and applying what may be applied.

A person's value is never overwritten: fields that a person has set keep it, and get the decision beside it at most suggested.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from triage.exceptions import TriageError
from triage.models import (
    Decision,
    Event,
    EventKind,
    Field,
    FieldDecision,
    Label,
    Stage,
    State,
    Ticket,
    Triage,
    Variant,
)
from triage.services.classification.answer import SIDE_FIELDS, Answer, Guess
from triage.services.classification.rule import Thresholds, decide_label, decide_side
from triage.services.classification.stage_0 import LocalGuess
from triage.services.classification.work import Claimed
from triage.services.gateway import Reply
from triage.services.taxonomy import Taxonomy

CATCH_UP_FIRST = timedelta(minutes=1)
CATCH_UP_LAST = timedelta(minutes=30)
ESCALATION_UNAVAILABLE = "escalation_unavailable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the stages said. `answer` is the deciding stage's; with stage `none` it is the first stage's, for a person to see.

    `outage` is why the strong model, which should have decided, could not. `local` is what the local model said, if there is one.
    """

    stage: Stage
    answer: Answer | None
    reply: Reply | None
    first_answer: Answer | None
    escalation_reason: str
    outage: TriageError | None
    cost_nanousd: int
    latency_ms: int
    taxonomy: Taxonomy
    thresholds: Thresholds
    prompt_version: str
    variant: Variant | None = None
    local: LocalGuess | None = None


def record(claimed: Claimed, verdict: Verdict) -> None:
    """Save the run, and the ticket with what is applied. Nothing happens if the claim was lost meanwhile."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=claimed.ticket.pk)
        rows = _decisions(claimed, ticket, verdict)
        if not _save_run(claimed, _run_values(claimed, verdict)):
            return
        FieldDecision.objects.filter(triage_id=claimed.triage_id, corrected_to="").delete()
        FieldDecision.objects.bulk_create(rows, ignore_conflicts=True)
        if ticket.triage_id == claimed.triage_id:
            ticket.is_skipped = verdict.outage is not None
            _apply(ticket, rows)
        if not verdict.outage:
            Event.objects.record(EventKind.TICKET_TRIAGED, ticket_id=ticket.pk)


def skip(claimed: Claimed, error: TriageError) -> None:
    """Claude could not be asked: the ticket waits, visibly, and is caught up later."""
    with transaction.atomic():
        values = {
            "state": State.SKIPPED,
            "skip_reason": f"{error.code}: {error}"[:200],
            "due_at": _next_try(claimed),
            "cost_nanousd": claimed.cost_nanousd + getattr(error, "cost_nanousd", 0),
        }
        if _save_run(claimed, values):
            mine = Ticket.objects.filter(triage_id=claimed.triage_id)
            mine.update(is_skipped=True, updated_at=timezone.now())
            mine.filter(label=None).update(needs_review=True)


def _save_run(claimed: Claimed, values: dict[str, Any]) -> bool:
    """Whether the claim still was ours: `claims` is the fencing token."""
    mine = Triage.objects.filter(pk=claimed.triage_id, state=State.RUNNING, claims=claimed.claims)
    return bool(mine.update(lease_until=None, **values))


def _run_values(claimed: Claimed, verdict: Verdict) -> dict[str, Any]:
    reply, answer = verdict.reply, verdict.answer
    values = {
        "state": State.DONE,
        "skip_reason": "",
        "finished_at": timezone.now(),
        "stage": verdict.stage,
        "escalated": bool(verdict.escalation_reason),
        "escalation_reason": verdict.escalation_reason,
        "reason": answer.reason if answer else "",
        "model_asked": reply.model_asked if reply else "",
        "model_served": reply.model_served if reply else "",
        "obtained": reply.obtained if reply else "",
        "taxonomy_version_id": verdict.taxonomy.version_id,
        "prompt_version": verdict.prompt_version,
        "variant": verdict.variant,
        "thresholds": _thresholds(verdict),
        "first_answer": _as_json(verdict.first_answer),
        "local_answer": verdict.local.as_dict() if verdict.local else None,
        "calibrator": answer.label.calibrator if answer else "",
        "cost_nanousd": claimed.cost_nanousd + verdict.cost_nanousd,
        "latency_ms": verdict.latency_ms,
    }
    if verdict.outage:
        values |= {
            "state": State.SKIPPED,
            "skip_reason": ESCALATION_UNAVAILABLE,
            "due_at": _next_try(claimed),
        }
    return values


def _thresholds(verdict: Verdict) -> dict[str, float]:
    kept = {"apply": verdict.thresholds.apply, "suggest": verdict.thresholds.suggest}
    if verdict.answer:
        label = verdict.taxonomy.labels[verdict.answer.label.value]
        kept["label"] = verdict.thresholds.for_label(label)
    return kept


def _next_try(claimed: Claimed) -> Any:
    """Doubling from a minute to half an hour; the first model's stored reply makes a catch-up cheap."""
    return timezone.now() + min(CATCH_UP_LAST, CATCH_UP_FIRST * 2 ** min(claimed.claims - 1, 10))


def _as_json(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "label": answer.label.as_dict(),
        "runner_up": answer.runner_up.as_dict() if answer.runner_up else None,
        "reason": answer.reason,
    }


def _decisions(claimed: Claimed, ticket: Ticket, verdict: Verdict) -> list[FieldDecision]:
    label = _label_decision(claimed, ticket, verdict)
    return [label, *(_side_decision(claimed, ticket, verdict, f, label) for f in SIDE_FIELDS)]


def _label_decision(claimed: Claimed, ticket: Ticket, verdict: Verdict) -> FieldDecision:
    if verdict.answer is None:
        return _empty(claimed, Field.LABEL, verdict.thresholds.apply)
    guess = verdict.answer.label
    label = verdict.taxonomy.labels[guess.value]
    decision = decide_label(
        guess.confidence,
        label,
        verdict.thresholds,
        is_flagged=bool(ticket.instruction_text),
        is_outage=verdict.outage is not None,
    )
    if verdict.stage is Stage.NONE:
        decision = Decision.WITHHELD
    return FieldDecision(
        triage_id=claimed.triage_id,
        field=Field.LABEL,
        value=guess.value,
        confidence=guess.confidence,
        stated=guess.stated,
        threshold=verdict.thresholds.for_label(label),
        decision=_beside_person(decision, ticket, Field.LABEL),
        alternatives=_alternatives(verdict, guess),
    )


def _alternatives(verdict: Verdict, chosen: Guess) -> list[dict[str, Any]]:
    """The other labels named: the deciding stage's with its confidence, the other stage's without one.

    Two models' confidences are not on one scale, so they never stand side by side; nor do a calibrated and a stated one.
    """
    named: dict[str, float | None] = {}
    if verdict.answer and (second := verdict.answer.runner_up):
        named[second.value] = second.confidence if chosen.stated is None else None
    if verdict.first_answer:
        named.setdefault(verdict.first_answer.label.value, None)
    named.pop(chosen.value, None)
    return [{"value": value, "confidence": confidence} for value, confidence in named.items()]


def _side_decision(
    claimed: Claimed, ticket: Ticket, verdict: Verdict, field: Field, label: FieldDecision
) -> FieldDecision:
    guess = verdict.answer.sides.get(field) if verdict.answer else None
    if guess is None:
        return _empty(claimed, field, verdict.thresholds.apply)
    decision = decide_side(guess.confidence, verdict.thresholds, label=Decision(label.decision))
    return FieldDecision(
        triage_id=claimed.triage_id,
        field=field,
        value=guess.value,
        confidence=guess.confidence,
        threshold=verdict.thresholds.apply,
        decision=_beside_person(decision, ticket, field),
    )


def _beside_person(decision: Decision, ticket: Ticket, field: Field) -> Decision:
    is_taken = field in ticket.set_by_person
    return Decision.SUGGESTED if is_taken and decision is Decision.APPLIED else decision


def _empty(claimed: Claimed, field: Field, threshold: float) -> FieldDecision:
    return FieldDecision(
        triage_id=claimed.triage_id,
        field=field,
        threshold=threshold,
        decision=Decision.WITHHELD,
    )


def _apply(ticket: Ticket, rows: list[FieldDecision]) -> None:
    """Set what is applied; the team follows from the label, unless a person has chosen one."""
    ticket.suggested_label = _label(rows[0].value)
    for row in rows:
        if row.decision != Decision.APPLIED:
            continue
        if row.field == Field.LABEL:
            _take_label(ticket)
        else:
            setattr(ticket, row.field, row.value)
    is_settled = Field.LABEL in ticket.set_by_person or rows[0].decision == Decision.APPLIED
    ticket.needs_review = not is_settled
    ticket.version += 1
    ticket.updated_at = timezone.now()
    ticket.save(
        update_fields=[
            "label",
            "suggested_label",
            "team",
            "priority",
            "sentiment",
            "language",
            "needs_review",
            "is_skipped",
            "version",
            "updated_at",
        ]
    )


def _label(slug: str) -> Label | None:
    return Label.objects.only("id", "team_id").get(slug=slug) if slug else None


def _take_label(ticket: Ticket) -> None:
    ticket.label = ticket.suggested_label
    if ticket.label and "team" not in ticket.set_by_person:
        ticket.team_id = ticket.label.team_id
