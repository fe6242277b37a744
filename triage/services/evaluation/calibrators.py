"""Calibrators: put to use by a person, and taken back in one step.

`fitting` makes them, `services.classification.calibrating` asks them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Calibrator, Evaluation, EvaluationState, Stage
from triage.services import taxonomy
from triage.services.classification import calibrating
from triage.services.evaluation.configurations import Configuration
from triage.services.evaluation.reading import configurations_of

log = structlog.get_logger(__name__)

USES = "uses"  # beside the parameters: when it was put to use, and by whom
STAGES = (Stage.FIRST, Stage.STRONG)


@dataclass(frozen=True, slots=True)
class Use:
    """When a calibrator was put to use (ISO 8601, UTC), and by whom."""

    at: str
    by: str


def activate(calibrator: Calibrator, *, by: User) -> Calibrator:
    """From now on this one speaks for its stage, in place of the one before.

    Raises:
        Conflict: It would be passed over, because it was fitted on something else than what is asked now.
    """
    if why := calibrating.why_passed_over(calibrator, taxonomy.current()):
        raise Conflict(f"This calibrator would be passed over: {why}.")
    with transaction.atomic():
        rows = _locked(Stage(calibrator.stage))
        chosen = rows[calibrator.pk]
        _switch_off(rows)
        use = Use(timezone.now().isoformat(), str(by))
        chosen.parameters[USES] = [*chosen.parameters.get(USES, []), asdict(use)]
        chosen.is_active = True
        chosen.save(update_fields=["is_active", "parameters"])
        transaction.on_commit(calibrating.forget)
    log.info("calibrator in use", calibrator=chosen.version, stage=chosen.stage, by=by.pk)
    return chosen


def deactivate(stage: Stage, *, by: User) -> None:
    """From now on the stage's confidences stand as stated."""
    with transaction.atomic():
        _switch_off(_locked(stage))
        transaction.on_commit(calibrating.forget)
    log.info("no calibrator in use", stage=stage, by=by.pk)


def back(present: Calibrator, *, by: User) -> Calibrator | None:
    """The calibrator that was in use before `present`, in use again; None where there was none, and none is in use then.

    Raises:
        Conflict: `present` is not in use any more, or the former one would be passed over.
    """
    stage = Stage(present.stage)
    if active(stage) != present:
        raise Conflict(f"Calibrator {present.version} is not in use any more: look again.")
    former = former_of(present)
    if former is None:
        deactivate(stage, by=by)
        return None
    return activate(former, by=by)


def active(stage: Stage) -> Calibrator | None:
    return Calibrator.objects.filter(stage=stage, is_active=True).first()


def former_of(calibrator: Calibrator) -> Calibrator | None:
    """Of its stage's other calibrators the one that was put to use last."""
    others = Calibrator.objects.filter(stage=calibrator.stage).exclude(pk=calibrator.pk)
    used = [each for each in others if uses_of(each)]
    return max(used, key=lambda each: uses_of(each)[-1].at, default=None)


def uses_of(calibrator: Calibrator) -> tuple[Use, ...]:
    """When it was put to use, oldest first."""
    return tuple(Use(**kept) for kept in calibrator.parameters.get(USES, []))


def is_simulated(calibrator: Calibrator) -> bool:
    """Whether it was fitted on answers of the simulator: its errors say nothing of Claude."""
    return bool(calibrator.parameters.get(calibrating.SIMULATED))


def problem_of(calibrator: Calibrator) -> str:
    """Why it is not asked although it is in use, in words; "" where it is. One query."""
    return calibrating.why_passed_over(calibrator, taxonomy.current())


def check_fits(evaluation: Evaluation, stage: Stage, configuration: int = 0) -> Configuration:
    """The configuration that a calibrator of `stage` would be fitted on.

    Raises:
        InvalidInput: The evaluation is not done, or was asked otherwise than triage asks.
    """
    if evaluation.state != EvaluationState.DONE:
        raise InvalidInput("evaluation", "it is not done")
    if stage not in STAGES:
        raise InvalidInput("stage", f"“{stage}” states no confidence to calibrate")
    several = configurations_of(evaluation)
    if configuration >= len(several):
        raise InvalidInput("configuration", "the evaluation has none of that name")
    chosen = several[configuration]
    if chosen.instruction:
        raise InvalidInput(
            "evaluation", "it was asked with an instruction that triage does not ask with"
        )
    if chosen.tickets_a_call > 1 and stage is Stage.FIRST:
        raise InvalidInput("evaluation", "its tickets were packed, and triage asks one at a time")
    if stage is Stage.STRONG and not chosen.strong_model:
        raise InvalidInput("evaluation", "it has no strong model")
    return chosen


def _locked(stage: Stage) -> dict[int, Calibrator]:
    rows = Calibrator.objects.select_for_update().filter(stage=stage).order_by("pk")
    return {row.pk: row for row in rows}


def _switch_off(rows: Mapping[int, Calibrator]) -> None:
    Calibrator.objects.filter(pk__in=list(rows), is_active=True).update(is_active=False)
