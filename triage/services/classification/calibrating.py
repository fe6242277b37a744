"""The calibrators in use: what a stage states becomes the chance that it is right, before any threshold is asked.

Without a calibrator in use a confidence stays as stated. One that was fitted on another model's answers, to another guide, or on
the simulator's where Claude answers, is passed over. A process reads anew every few seconds which are in use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic

import structlog
from django.conf import settings

from triage.exceptions import InvalidInput
from triage.models import Calibrator, Feature, Stage
from triage.services.classification.answer import Answer, Guess
from triage.services.classification.prompt import guide_version
from triage.services.classification.stage_0 import Guessed
from triage.services.gateway.catalog import name_of
from triage.services.gateway.routes import route_of
from triage.services.statistics.signals import Signalled, Signals, from_json
from triage.services.taxonomy import Taxonomy

log = structlog.get_logger(__name__)

REREAD_SECONDS = 5.0
FEATURES = {Stage.FIRST: Feature.CLASSIFY, Stage.STRONG: Feature.ESCALATE}
# What stands beside the parameters of a calibrator. The prompt's version changes with every switch of a label, the guide only
# with what Claude reads; the local version is "" where no local model's chances were used.
SIMULATED, GUIDE, LOCAL_VERSION = "is_simulated", "guide", "local_version"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose answer it is, and to which guide."""

    stage: Stage
    model: str
    guide: str


@dataclass(frozen=True, slots=True)
class InUse:
    """A stage's active calibrator, read. `local_version` is of the local model whose chances it knows."""

    fits: Origin
    is_simulated: bool
    local_version: str
    signalled: Signalled


class _Known:
    """The active calibrators, as this process last read them."""

    calibrators: Mapping[Stage, InUse] = {}
    until = 0.0


def calibrate(
    answer: Answer, origin: Origin, *, first: Answer | None = None, local: Guessed | None = None
) -> Answer:
    """The answer with the calibrated confidence of its label, and what was stated beside it; as it is where no calibrator fits.

    Args:
        first: What the stage before said, for the strong model's answer.
        local: What the local model said.
    """
    calibrator = _find(origin)
    if calibrator is None:
        return answer
    label = answer.label
    signals = Signals(
        stated=label.confidence,
        runner_up=answer.runner_up.confidence if answer.runner_up else 0.0,
        is_agreed=label.value == first.label.value if first else None,
        local_chance=_local_chance(label.value, origin, calibrator, local),
    )
    chance = calibrator.signalled.chance(signals)
    calibrated = Guess(label.value, chance, label.confidence, calibrator.signalled.version)
    return replace(answer, label=calibrated)


def why_passed_over(calibrator: Calibrator, current: Taxonomy) -> str:
    """Why this calibrator, were it active, would not be asked now, in words; "" where it is."""
    if bool(calibrator.parameters.get(SIMULATED)) != settings.TRIAGE_SIMULATOR:
        whose = (
            "the simulator’s answers" if calibrator.parameters.get(SIMULATED) else "real answers"
        )
        return f"it was fitted on {whose}"
    asked = route_of(FEATURES[Stage(calibrator.stage)]).model_asked
    if calibrator.model != asked:
        return f"it was fitted on answers of {name_of(calibrator.model)}, and {name_of(asked)} is asked now"
    if calibrator.parameters.get(GUIDE) != guide_version(current):
        return "it was fitted with another guide: the labels or the question read otherwise now"
    return "" if _is_readable(calibrator) else "it cannot be read"


def weighs_local(calibrator: Calibrator) -> bool:
    """Whether it knows the chances of a local model."""
    return bool(calibrator.parameters.get(LOCAL_VERSION))


def versions_asked(current: Taxonomy) -> dict[str, str]:
    """By stage the versions of the calibrators in use, but for those that are passed over."""
    active = Calibrator.objects.filter(is_active=True).order_by("stage")
    return {each.stage: each.version for each in active if not why_passed_over(each, current)}


def forget() -> None:
    """Read the calibrators anew at the next call."""
    _Known.until = 0.0


def _is_readable(calibrator: Calibrator) -> bool:
    try:
        from_json(calibrator.parameters)
    except InvalidInput:
        return False
    return True


def _find(origin: Origin) -> InUse | None:
    if monotonic() >= _Known.until:
        _Known.calibrators = _read()
        _Known.until = monotonic() + REREAD_SECONDS
    found = _Known.calibrators.get(origin.stage)
    if found is None or found.fits != origin or found.is_simulated != settings.TRIAGE_SIMULATOR:
        return None
    return found


def _local_chance(
    label: str, origin: Origin, calibrator: InUse, local: Guessed | None
) -> float | None:
    """Only of the local model that the calibrator was fitted with: another one's chances mean something else."""
    if local is None or local.guess.version != calibrator.local_version:
        return None
    return local.chance_beside(label, model=origin.model)


def _read() -> Mapping[Stage, InUse]:
    found = {}
    for row in Calibrator.objects.filter(is_active=True):
        stage = Stage(row.stage)
        try:
            signalled = from_json(row.parameters)
        except InvalidInput as error:
            log.error("calibrator not readable", calibrator=row.pk, error=str(error))
            continue
        fits = Origin(stage, row.model, str(row.parameters.get(GUIDE, "")))
        is_simulated = bool(row.parameters.get(SIMULATED))
        local_version = str(row.parameters.get(LOCAL_VERSION, ""))
        found[stage] = InUse(fits, is_simulated, local_version, signalled)
    return found
