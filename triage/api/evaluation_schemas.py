"""The bodies and shapes of evaluations, with examples, for the schema."""

from typing import Any

from rest_framework import serializers

from triage.api import docs
from triage.api.base import Body
from triage.api.schemas import Shape
from triage.models import EvaluationSource
from triage.services.evaluation.configurations import (
    INSTRUCTION_MAX_CHARACTERS,
    TICKETS_A_CALL_AT_MOST,
    Calibration,
)
from triage.services.evaluation.running import SEED_AT_MOST
from triage.services.evaluation.sampling import LIMIT, LIMIT_AT_MOST

DOLLARS = r"^\d{1,6}(\.\d{1,9})?$"
CONFIGURATION: docs.Json = {
    "name": "A",
    "taxonomy_version_id": 3,
    "first_model": "claude-haiku-5-5",
    "strong_model": "claude-sonnet-5-5",
    "apply": 0.85,
    "suggest": 0.5,
    "instruction": "",
    "asks_strong_always": False,
    "tickets_a_call": 1,
    "first_calibrator": "",
    "strong_calibrator": "",
    "local_version": "",
}
QUOTE: docs.Json = {
    "tickets": 400,
    "calls": [
        {
            "configuration": "A",
            "stage": "classify",
            "model": "claude-haiku-5-5",
            "calls": 400,
            "input_tokens": 780_000,
            "output_tokens": 52_000,
            "cost_usd": "0.024100000",
        }
    ],
    "expected_usd": "0.024100000",
    "most_usd": "1.902000000",
    "other_way_usd": "0.041000000",
    "minutes": [5, 60],
    "other_minutes": [2, 7],
    "basis": "Tokens are estimated: 4 bytes each, 130 in an answer.",
}
EVALUATION: docs.Json = {
    "id": 12,
    "name": "August's tickets",
    "source": "file",
    "state": "done",
    "batch": True,
    "seed": 0,
    "configurations": [CONFIGURATION],
    "quote": QUOTE,
    "budget_usd": "1.902000000",
    "findings": [
        {
            "code": "no_label",
            "words": "2 tickets have no label. They are left out.",
            "tickets": 2,
            "numbers": [17, 90],
        }
    ],
    "sentence": "Of 400 tickets 368 got the right label.",
    "simulated": False,
    "error": None,
    "by_id": 7,
    "created_at": "2026-11-21T09:30:00.000000Z",
    "started_at": "2026-11-21T09:31:00.000000Z",
    "finished_at": "2026-11-21T09:48:12.000000Z",
}
WHOLE: docs.Json = {
    **EVALUATION,
    "spent_usd": "0.026310000",
    "progress": {
        "asked": 0,
        "answered": 471,
        "failed": 1,
        "total": 472,
        "batches_underway": 0,
    },
    "results": {"format": 1, "tickets": 400, "configurations": [], "compared": None},
}
EVALUATION_TICKET: docs.Json = {
    "number": 1,
    "ticket_id": None,
    "subject": "Refund for order 1881",
    "description": "My order arrived broken. I want my money back.",
    "known_label": "Refund",
    "label": "refund",
    "part": "report",
    "problem": None,
    "answers": [
        {
            "configuration": 0,
            "stage": "classify",
            "state": "answered",
            "label": "refund",
            "confidence": 0.97,
            "runner_up": "damaged",
            "runner_up_confidence": 0.02,
            "calibrated": None,
            "problem": None,
            "cost_usd": "0.000060250",
            "latency_ms": None,
        }
    ],
}


class ConfigurationIn(Body):
    """What is other than what decides now."""

    first_model = serializers.CharField(
        max_length=80, required=False, help_text="A model that the installation knows."
    )
    strong_model = serializers.CharField(
        max_length=80,
        required=False,
        allow_blank=True,
        help_text="Empty: the first model decides alone.",
    )
    apply = serializers.FloatField(required=False, min_value=0, max_value=1)
    suggest = serializers.FloatField(required=False, min_value=0, max_value=1)
    instruction = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=INSTRUCTION_MAX_CHARACTERS,
        help_text="What is added after each ticket.",
    )
    asks_strong_always = serializers.BooleanField(required=False)
    tickets_a_call = serializers.IntegerField(
        required=False, min_value=1, max_value=TICKETS_A_CALL_AT_MOST
    )
    calibration = serializers.ChoiceField(
        [each.value for each in Calibration],
        required=False,
        help_text="Which confidence decides: as calibrated now, as stated, or calibrated on a part of these tickets.",
    )


class LabelledIn(Body):
    description = serializers.CharField()
    label = serializers.CharField(max_length=200)  # type: ignore[assignment]
    subject = serializers.CharField(required=False, allow_blank=True, default="")


class EvaluationIn(Body):
    source = serializers.ChoiceField(  # type: ignore[assignment]
        EvaluationSource.choices, help_text="`file` takes the `tickets` of this body."
    )
    tickets = LabelledIn(many=True, required=False, help_text="With `source: file` alone.")
    limit = serializers.IntegerField(
        required=False, default=LIMIT, min_value=1, max_value=LIMIT_AT_MOST
    )
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)
    seed = serializers.IntegerField(required=False, default=0, min_value=0, max_value=SEED_AT_MOST)
    batch = serializers.BooleanField(
        required=False, default=True, help_text="At half price, most within the hour."
    )
    budget_usd = serializers.RegexField(
        DOLLARS,
        required=False,
        help_text="Never more is spent; by default the most that it can be.",
    )
    a = ConfigurationIn(required=False, help_text="By default what decides now.")
    b = ConfigurationIn(required=False, help_text="A second way, other than `a`, to compare.")


class ResumeIn(Body):
    budget_usd = serializers.RegexField(
        DOLLARS, required=False, help_text="In all, with what is spent; by default as before."
    )


class NothingIn(Body):
    """No fields."""


class FindingShape(Shape[Any]):
    code = serializers.CharField()
    words = serializers.CharField()
    tickets = serializers.IntegerField()
    numbers = serializers.ListField(
        child=serializers.IntegerField(), help_text="The first of the tickets."
    )


class ConfigurationShape(Shape[Any]):
    name = serializers.CharField()
    taxonomy_version_id = serializers.IntegerField()
    first_model = serializers.CharField()
    strong_model = serializers.CharField(allow_blank=True)
    apply = serializers.FloatField()
    suggest = serializers.FloatField()
    instruction = serializers.CharField(allow_blank=True)
    asks_strong_always = serializers.BooleanField()
    tickets_a_call = serializers.IntegerField()
    first_calibrator = serializers.CharField(
        allow_blank=True, help_text="Its version; `own`: fitted on this evaluation's tickets."
    )
    strong_calibrator = serializers.CharField(allow_blank=True)
    local_version = serializers.CharField(
        allow_blank=True, help_text="Of the local model whose chances calibrators may weigh."
    )


class QuotedCallsShape(Shape[Any]):
    configuration = serializers.CharField()
    stage = serializers.CharField()
    model = serializers.CharField()
    calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_usd = serializers.CharField()


class QuoteShape(Shape[Any]):
    tickets = serializers.IntegerField()
    calls = QuotedCallsShape(many=True)
    expected_usd = serializers.CharField()
    most_usd = serializers.CharField(help_text="What all calls together can cost at most.")
    other_way_usd = serializers.CharField(help_text="Expected live, or in batches: the other way.")
    minutes = serializers.ListField(child=serializers.IntegerField())
    other_minutes = serializers.ListField(child=serializers.IntegerField())
    basis = serializers.CharField(help_text="What the estimates rest on.")


class EvaluationShape(Shape[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    state = serializers.CharField(help_text="quoted, running, cancelled, done or failed.")
    batch = serializers.BooleanField()
    seed = serializers.IntegerField()
    configurations = ConfigurationShape(many=True)
    quote = QuoteShape()
    budget_usd = serializers.CharField()
    findings = FindingShape(many=True)
    sentence = serializers.CharField(allow_null=True, help_text="The result, in words.")
    simulated = serializers.BooleanField(
        allow_null=True, help_text="The answers came from the simulator and say nothing of Claude."
    )
    error = serializers.CharField(allow_null=True, help_text="Why it ended early.")
    by_id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class EvaluationProgressShape(Shape[Any]):
    asked = serializers.IntegerField(help_text="In a batch, or to be asked again.")
    answered = serializers.IntegerField()
    failed = serializers.IntegerField()
    total = serializers.IntegerField(help_text="May grow, as tickets are escalated.")
    batches_underway = serializers.IntegerField()


class WholeEvaluationShape(EvaluationShape):
    spent_usd = serializers.CharField(help_text="With what is held for calls underway.")
    progress = EvaluationProgressShape()
    results = serializers.DictField(
        child=serializers.JSONField(allow_null=True), allow_null=True, help_text="Once it is done."
    )


class EvaluationAnswerShape(Shape[Any]):
    configuration = serializers.IntegerField(help_text="Its place in the list: 0 or 1.")
    stage = serializers.CharField(help_text="classify or escalate.")
    state = serializers.CharField(help_text="asked, answered or failed.")
    label = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    confidence = serializers.FloatField(allow_null=True)
    runner_up = serializers.CharField(allow_null=True)
    runner_up_confidence = serializers.FloatField(allow_null=True)
    calibrated = serializers.FloatField(
        allow_null=True, help_text="The chance that it is right, by the configuration's calibrator."
    )
    problem = serializers.CharField(allow_null=True)
    cost_usd = serializers.CharField()
    latency_ms = serializers.IntegerField(allow_null=True)


class EvaluationTicketShape(Shape[Any]):
    number = serializers.IntegerField(help_text="From 1, in the order they came.")
    ticket_id = serializers.IntegerField(allow_null=True)
    subject = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_blank=True)
    known_label = serializers.CharField(allow_null=True, help_text="As it came.")
    label = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="The taxonomy's slug for it."
    )
    part = serializers.CharField(
        allow_null=True, help_text="What it is used for: calibrate, choose or report."
    )
    problem = serializers.CharField(allow_null=True, help_text="Why it is left out.")
    answers = EvaluationAnswerShape(many=True)
