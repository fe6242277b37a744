"""Evaluations in each state with results made by hand, saying only what a test is about. Made by nobody's answers."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.integration.classification.calibrated_cases import MODEST
from triage.models import (
    AnswerState,
    Calibrator,
    Call,
    Evaluation,
    EvaluationAnswer,
    EvaluationSource,
    EvaluationState,
    EvaluationTicket,
    Feature,
    Part,
    Stage,
)
from triage.services import taxonomy
from triage.services.classification import calibrating
from triage.services.classification.prompt import guide_version, prompt_version
from triage.services.evaluation.configurations import in_force, to_json
from triage.services.statistics import signals

Json = dict[str, Any]
QUOTE: Json = {
    "tickets": 812,
    "calls": [
        {
            "configuration": "A",
            "stage": "classify",
            "model": "claude-haiku-5-5",
            "calls": 812,
            "input_tokens": 1_600_000,
            "output_tokens": 36_540,
            "cost_nanousd": 40_000_000,
        }
    ],
    "expected_nanousd": 40_000_000,
    "most_nanousd": 250_000_000,
    "other_way_nanousd": 80_000_000,
    "minutes": [5, 120],
    "basis": "Tokens are estimated from the length of the texts.",
}


def group(name: str = "easy", *labels: str, threshold: float | None = 0.91, **said: Any) -> Json:
    """A group of labels in a recommendation; without a threshold it is refused."""
    is_certified = threshold is not None
    return {
        "group": name,
        "labels": list(labels),
        "is_certified": is_certified,
        "threshold": threshold,
        "stated": None,
        "tickets": 900,
        "answered": 812,
        "errors": 7,
        "upper_error": 0.0155 if is_certified else None,
        "missing": None if is_certified else 340,
        "words": "" if is_certified else "at most 2 % wrong is not proven",
        "report": {"coverage": share(7, 10), "errors": share(0, 7)},
    } | said


def share(part: int, whole: int) -> Json:
    return {"part": part, "whole": whole, "low": 0.0, "high": 1.0}


def recommendation(*groups: Json, **said: Any) -> Json:
    return {
        "target": 0.02,
        "d": 0.05,
        "speaks_of": "stated",
        "calibrators": {},
        "is_certified": any(each["is_certified"] for each in groups),
        "words": "",
        "groups": list(groups),
        "tickets": 10,
        "coverage": share(7, 10),
        "errors": share(0, 7),
        "changed_way": share(0, 100),
        "always_escalate": [],
    } | said


def results(*recommendations: Json, **said: Any) -> Json:
    """One configuration for each recommendation; its figures are those of nothing."""
    names = ("A", "B")
    return {
        "format": 1,
        "is_simulated": True,
        "tickets": 812,
        "configurations": [
            {
                "name": name,
                "accuracy": {"part": 745, "whole": 812, "low": 0.897, "high": 0.935},
                "macro_f1": 0.873,
                "top_2": share(790, 812),
                "coverage": share(600, 812),
                "errors": share(6, 600),
                "escalated": share(150, 812),
                "cost_nanousd": 41_000_000,
                "cost_per_ticket_nanousd": 50_492.6,
                "latency_ms": None,
                "recommendation": each,
            }
            for name, each in zip(names, recommendations, strict=False)
        ],
        "compared": None,
        "sentence": "On 812 labelled tickets triage is 91.7 % right.",
    } | said


def an_evaluation(**fields: Any) -> Evaluation:
    """Quoted, about what is in force, unless `fields` say otherwise."""
    given: Json = {
        "name": "Own tickets",
        "source": EvaluationSource.CONFIRMED,
        "by": User.objects.system(),
        "configurations": [to_json(in_force())],
        "quote": QUOTE,
        "budget_nanousd": QUOTE["most_nanousd"],
        **fields,
    }
    return Evaluation.objects.create(**given)


def a_done(*groups: Json, said: Json | None = None, **fields: Any) -> Evaluation:
    """Done a moment ago, with such a recommendation for what is in force, and its call on record."""
    given = {
        "state": EvaluationState.DONE,
        "results": results(recommendation(*groups, **(said or {}))),
        "finished_at": timezone.now(),
        **fields,
    }
    evaluation = an_evaluation(**given)
    ticket = a_ticket(evaluation)
    an_answer(ticket, call_id=a_call(ticket).pk)
    return evaluation


def a_ticket(evaluation: Evaluation, number: int = 1, **fields: Any) -> EvaluationTicket:
    given = {"label": "account-login", "part": Part.REPORT, "description": "I cannot log in."}
    return EvaluationTicket.objects.create(evaluation=evaluation, number=number, **given | fields)


def an_answer(ticket: EvaluationTicket, **fields: Any) -> EvaluationAnswer:
    """The first model's, right and sure."""
    given = {
        "configuration": 0,
        "stage": Stage.FIRST,
        "state": AnswerState.ANSWERED,
        "label": ticket.label,
        "confidence": 0.97,
        "cost_nanousd": 50_000,
    }
    return EvaluationAnswer.objects.create(ticket=ticket, **given | fields)


def a_call(ticket: EvaluationTicket) -> Call:
    """As the run makes it: its prompt version is the prompt's with the run's own ending."""
    version = prompt_version(taxonomy.current())
    return Call.objects.create(
        feature=Feature.EVALUATE,
        by=User.objects.system(),
        about_kind="evaluation",
        about_id=str(ticket.pk),
        fingerprint="f" * 64,
        prompt_version=f"{version}+evaluation-{ticket.evaluation_id}-0",
        model_asked="claude-haiku-5-5",
        state="failed",
    )


def use_calibrator(evaluation: Evaluation, version: str = "abc") -> Calibrator:
    """One that was fitted on this evaluation is in use."""
    return Calibrator.objects.create(
        stage=Stage.FIRST,
        version=version,
        parameters=signals.to_json(MODEST)
        | {
            calibrating.SIMULATED: True,
            calibrating.GUIDE: guide_version(taxonomy.current()),
        },
        evaluation=evaluation,
        model=in_force().first_model,
        prompt_version=prompt_version(taxonomy.current()),
        tickets=300,
        error_before=0.1,
        error_after=0.03,
        is_active=True,
        by=User.objects.system(),
    )


EASY = group("easy", "account-login", "delivery-late")
HARD = group("hard", "billing-wrong-charge", threshold=None)
