"""Whether an evaluation speaks of what decides now: the same labels, guide, models, thresholds and calibration, not long ago.

`auto_apply`, thresholds and teams of labels do not count: Claude does not see them, and the gate itself changes the first two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from triage.models import Calibrator, Call, Evaluation, EvaluationAnswer, EvaluationSource
from triage.services import taxonomy
from triage.services.classification.calibrating import weighs_local, why_passed_over
from triage.services.classification.prompt import prompt_version
from triage.services.evaluation import automation
from triage.services.evaluation.configurations import Configuration, from_json, in_force
from triage.services.statistics.thresholds import Promise
from triage.services.taxonomy import LabelSnapshot, Taxonomy

HOLDS_FOR = timedelta(days=90)
SAMPLED = "corrected tickets are no random sample, so they prove nothing"
SIMULATED = "proven with the simulator’s answers"
REAL = "proven with real answers, where the simulator answers now"
OLD = f"proven more than {HOLDS_FOR.days} days ago"
OTHER_LABELS = "proven for an older prompt: the labels have changed"
OTHER_PROMPT = "proven for an older prompt: the guide has changed"
OTHER_MODELS = "proven for other models"
OTHER_WAY = "proven for another way of asking"
OTHER_THRESHOLDS = "proven with other general thresholds"
LAXER = "proven for a promise that is laxer than the one in force"
NOT_CALIBRATING = (
    "proven by calibrators that are not those in use: put them in use, or evaluate again"
)
CALIBRATING = "proven for stated confidences, where calibrated ones are in use"
OTHER_LOCAL = "proven beside another local model, whose chances the calibrators weigh"


@dataclass(frozen=True, slots=True)
class Now:
    """What decides at this moment.

    Args:
        calibrators: The versions by stage of those that are asked; `passed_over` says why one in use is not.
        weighs_local: One of them weighs the local model's chances.
    """

    at: datetime
    configuration: Configuration
    taxonomy: Taxonomy
    promise: Promise
    calibrators: Mapping[str, str]
    passed_over: str
    weighs_local: bool


def now_in_force() -> Now:
    """
    Raises:
        NoTaxonomy: Nothing has been published yet.
    """
    configuration, row = in_force(), automation.current()
    current = taxonomy.load(configuration.taxonomy_version_id)
    active = Calibrator.objects.filter(is_active=True).order_by("stage")
    reasons = {each: why_passed_over(each, current) for each in active}
    return Now(
        at=timezone.now(),
        configuration=configuration,
        taxonomy=current,
        promise=Promise(row.target, row.d),
        calibrators={each.stage: each.version for each, why in reasons.items() if not why},
        passed_over=next(filter(None, reasons.values()), ""),
        weighs_local=any(weighs_local(each) for each, why in reasons.items() if not why),
    )


def why_unfit(
    evaluation: Evaluation, place: int, recommendation: Mapping[str, Any], now: Now
) -> str:
    """Why what this configuration of the evaluation proves does not hold now, in words; "" where it does."""
    asked = from_json(evaluation.configurations[place])
    reasons = (
        _of_run(evaluation, now),
        _of_asking(asked, now.configuration),
        _of_prompt(evaluation, place, asked, now),
        _of_promise(recommendation, now.promise),
        _of_calibration(recommendation, asked, now),
    )
    return next((reason for found in reasons for reason in found), "")


def _of_run(evaluation: Evaluation, now: Now) -> Iterator[str]:
    is_simulated = bool((evaluation.results or {}).get("is_simulated"))
    if evaluation.source == EvaluationSource.CORRECTED:
        yield SAMPLED
    if is_simulated != settings.TRIAGE_SIMULATOR:
        yield SIMULATED if is_simulated else REAL
    if evaluation.finished_at is None or now.at - evaluation.finished_at > HOLDS_FOR:
        yield OLD


def _of_asking(asked: Configuration, now: Configuration) -> Iterator[str]:
    if (asked.first_model, asked.strong_model) != (now.first_model, now.strong_model):
        yield OTHER_MODELS
    if (asked.instruction, asked.tickets_a_call) != (now.instruction, now.tickets_a_call):
        yield OTHER_WAY
    if (asked.apply, asked.suggest) != (now.apply, now.suggest):
        yield OTHER_THRESHOLDS


def _of_prompt(evaluation: Evaluation, place: int, asked: Configuration, now: Now) -> Iterator[str]:
    then = taxonomy.load(asked.taxonomy_version_id)
    if _decisive(then) != _decisive(now.taxonomy):
        yield OTHER_LABELS
    if _prompt_of(evaluation, place) != prompt_version(then):
        yield OTHER_PROMPT


def _of_promise(recommendation: Mapping[str, Any], now: Promise) -> Iterator[str]:
    if recommendation["target"] > now.target or recommendation["d"] > now.d:
        yield LAXER


def _of_calibration(
    recommendation: Mapping[str, Any], asked: Configuration, now: Now
) -> Iterator[str]:
    """A threshold means something only on the scale that it was chosen on."""
    if recommendation["calibrators"] != now.calibrators:
        if not recommendation["calibrators"]:
            yield CALIBRATING
        yield f"{NOT_CALIBRATING} ({now.passed_over})" if now.passed_over else NOT_CALIBRATING
    elif now.weighs_local and asked.local_version != now.configuration.local_version:
        yield OTHER_LOCAL


def _decisive(version: Taxonomy) -> list[LabelSnapshot]:
    """The labels without what neither Claude nor the gate's proof depends on."""
    plain = {"auto_apply": False, "threshold": None, "team": ""}
    return [replace(label, **plain) for label in version.labels.values()]  # type: ignore[arg-type]


def _prompt_of(evaluation: Evaluation, place: int) -> str:
    """The version of the prompt that its tickets were asked with; "" where no call of it is on record any more."""
    answers = EvaluationAnswer.objects.filter(ticket__evaluation=evaluation, configuration=place)
    call_ids = answers.exclude(call_id=None).order_by("pk").values("call_id")[:1]
    kept = Call.objects.filter(pk__in=call_ids).values_list("prompt_version", flat=True).first()
    return (kept or "").partition("+")[0]
