"""Evaluations and their tickets as the API shows them. Money is dollars as a string, exact to the nano-dollar."""

from collections.abc import Mapping, Sequence
from typing import Any

from triage.models import AnswerState, Evaluation, EvaluationAnswer, EvaluationTicket, Stage
from triage.selectors.objects import Json, money, time_of
from triage.services.evaluation.reading import progress_of, spent_nanousd

NANOUSD = "_nanousd"


def evaluation_object(evaluation: Evaluation) -> Json:
    """An evaluation as in a list."""
    results = evaluation.results or {}
    return {
        "id": evaluation.pk,
        "name": evaluation.name,
        "source": evaluation.source,
        "state": evaluation.state,
        "batch": evaluation.is_batch,
        "seed": evaluation.seed,
        "configurations": evaluation.configurations,
        "quote": in_dollars(evaluation.quote),
        "budget_usd": money(evaluation.budget_nanousd),
        "findings": evaluation.findings,
        "sentence": results.get("sentence"),
        "simulated": results.get("is_simulated"),
        "error": evaluation.error or None,
        "by_id": evaluation.by_id,
        "created_at": time_of(evaluation.created_at),
        "started_at": time_of(evaluation.started_at),
        "finished_at": time_of(evaluation.finished_at),
    }


def whole_evaluation_object(evaluation: Evaluation) -> Json:
    """With what it has spent, how far it is, and its results."""
    now = progress_of(evaluation)
    return {
        **evaluation_object(evaluation),
        "spent_usd": money(spent_nanousd(evaluation)),
        "progress": {
            "asked": now.asked,
            "answered": now.answered,
            "failed": now.failed,
            "total": now.total,
            "batches_underway": now.batches_underway,
        },
        "results": in_dollars(evaluation.results),
    }


def evaluation_ticket_object(row: EvaluationTicket) -> Json:
    """A ticket with the answers to it, which are prefetched."""
    return {
        "number": row.number,
        "ticket_id": row.ticket_id,
        "subject": row.subject or None,
        "description": row.description,
        "known_label": row.known_label or None,
        "label": row.label or None,
        "part": row.part or None,
        "problem": row.problem or None,
        "answers": [
            _answer(answer)
            for answer in sorted(
                row.answers.all(), key=lambda each: (each.configuration, each.stage)
            )
        ],
    }


def in_dollars(value: Any) -> Any:
    """The same with every number of nano-dollars as dollars, and `_usd` at the end of its name."""
    if isinstance(value, Mapping):
        return dict(_named(name, inner) for name, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [in_dollars(each) for each in value]
    return value


def _named(name: str, value: Any) -> tuple[str, Any]:
    if name.endswith(NANOUSD) and isinstance(value, int):
        return f"{name.removesuffix(NANOUSD)}_usd", money(value)
    return name, in_dollars(value)


def _answer(row: EvaluationAnswer) -> Json:
    is_answered = row.state == AnswerState.ANSWERED
    return {
        "configuration": row.configuration,
        "stage": Stage(row.stage).value,
        "state": row.state,
        "label": row.label or None,
        "confidence": row.confidence if is_answered else None,
        "runner_up": row.runner_up or None,
        "runner_up_confidence": row.runner_up_confidence,
        "calibrated": row.chance,
        "problem": row.problem or None,
        "cost_usd": money(row.cost_nanousd),
        "latency_ms": row.latency_ms,
    }
