"""One valid row of each table of evaluations and of what is learnt, and what the database must refuse of them."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from tests.integration.constraint_rows import a_run
from triage.models import (
    Audit,
    Automation,
    Calibrator,
    Evaluation,
    EvaluationAnswer,
    EvaluationTicket,
    LocalModel,
)

Row = Callable[[], models.Model]


def an_evaluation() -> Evaluation:
    return Evaluation.objects.create(
        name="Own tickets",
        source="file",
        by=User.objects.system(),
        configurations=[],
        quote={},
        budget_nanousd=0,
    )


def an_evaluation_ticket(evaluation: Evaluation | None = None) -> EvaluationTicket:
    return EvaluationTicket.objects.create(
        evaluation=evaluation or an_evaluation(), number=1, label="refund", part="report"
    )


def an_evaluation_answer(ticket: EvaluationTicket | None = None) -> EvaluationAnswer:
    return EvaluationAnswer.objects.create(
        ticket=ticket or an_evaluation_ticket(), configuration=0, stage="classify", state="asked"
    )


def a_calibrator(**fields: Any) -> Calibrator:
    return Calibrator.objects.create(
        stage="classify",
        parameters={},
        tickets=30,
        error_before=0.1,
        error_after=0.1,
        by=User.objects.system(),
        **fields,
    )


def a_local_model(**fields: Any) -> LocalModel:
    return LocalModel.objects.create(
        content=b"", version="v", tickets=200, by=User.objects.system(), **fields
    )


def an_audit() -> Audit:
    return Audit.objects.create(triage=a_run(), label="refund", stage="classify")


def an_automation() -> Automation:
    return Automation.objects.create()


CHECKS: list[tuple[str, Row, dict[str, Any]]] = [
    ("evaluation_state_known", an_evaluation, {"state": "lost"}),
    ("evaluation_budget_not_negative", an_evaluation, {"budget_nanousd": -1}),
    ("evaluation_done_has_results", an_evaluation, {"state": "done"}),
    ("evaluation_done_has_results", an_evaluation, {"state": "done", "results": {}}),
    ("evaluation_ticket_part_known", an_evaluation_ticket, {"part": "train"}),
    ("evaluation_ticket_counts_or_says_why_not", an_evaluation_ticket, {"part": ""}),
    ("evaluation_ticket_counts_or_says_why_not", an_evaluation_ticket, {"label": ""}),
    ("evaluation_ticket_counts_or_says_why_not", an_evaluation_ticket, {"problem": "no_label"}),
    ("evaluation_answer_state_known", an_evaluation_answer, {"state": "lost"}),
    ("evaluation_answer_has_label", an_evaluation_answer, {"state": "answered", "confidence": 1}),
    ("evaluation_answer_has_label", an_evaluation_answer, {"state": "answered", "label": "refund"}),
    (
        "evaluation_answer_has_label",
        an_evaluation_answer,
        {"state": "answered", "label": "refund", "confidence": 1.01},
    ),
    ("evaluation_answer_chance_in_0_to_1", an_evaluation_answer, {"chance": 1.01}),
    ("evaluation_answer_local_chance_in_0_to_1", an_evaluation_answer, {"local_chance": -0.01}),
    ("local_model_state_known", a_local_model, {"state": "king"}),
    ("audit_judgement_is_whole", an_audit, {"truth": "refund"}),
    ("audit_judgement_is_whole", an_audit, {"judged_at": timezone.now()}),
    ("automation_one_row", an_automation, {"id": 2}),
    ("automation_promise_in_0_to_1", an_automation, {"target": 0}),
    ("automation_promise_in_0_to_1", an_automation, {"d": 1}),
    ("automation_exploration_in_0_to_1", an_automation, {"exploration_share": -0.01}),
    ("automation_exploration_in_0_to_1", an_automation, {"exploration_share": 1.01}),
    ("automation_packing_has_grounds", an_automation, {"tickets_a_call": 10}),
    ("automation_packing_has_grounds", an_automation, {"tickets_a_call": 0}),
    (
        "automation_packing_has_grounds",
        an_automation,
        {"tickets_a_call": 21, "packing_grounds": "Proven."},
    ),
]
PAIRS: dict[str, Callable[[], object]] = {
    "evaluation_ticket_number_once": lambda: [
        an_evaluation_ticket(evaluation) for evaluation in [an_evaluation()] * 2
    ],
    "evaluation_answer_once": lambda: [
        an_evaluation_answer(ticket) for ticket in [an_evaluation_ticket()] * 2
    ],
    "calibrator_one_active_a_stage": lambda: [a_calibrator(is_active=True) for _ in range(2)],
    "local_model_one_champion": lambda: [a_local_model(state="champion") for _ in range(2)],
}
