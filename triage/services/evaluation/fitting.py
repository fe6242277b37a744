"""Fits calibrators on evaluations: with scikit-learn, so only the worker of `bulk` and commands import this.

One is fitted on the tickets for calibrating and measured on those of the report. It guarantees nothing, whatever its error: that
is what thresholds are proven for.
"""

from typing import Any

import structlog

from accounts.models import User
from triage.exceptions import InvalidInput
from triage.models import Calibrator, Evaluation, Part, Stage
from triage.services import taxonomy
from triage.services.classification import calibrating
from triage.services.classification.prompt import guide_version, prompt_version
from triage.services.evaluation import calibrators
from triage.services.evaluation.configurations import Configuration
from triage.services.evaluation.reading import cases_of, is_simulated
from triage.services.evaluation.results.rule import part_of
from triage.services.evaluation.signalling import Judged, judged
from triage.services.statistics.calibrating import fit_signals
from triage.services.statistics.reliability import ece, equal_mass
from triage.services.statistics.signals import Signal, Signalled, to_json

log = structlog.get_logger(__name__)


def fit(evaluation_id: int, *, stage: str, by_id: int, configuration: int = 0) -> Calibrator | None:
    """`fit_from` for a worker; None, and a line in the log, where the tickets are too few."""
    evaluation, by = Evaluation.objects.get(pk=evaluation_id), User.objects.get(pk=by_id)
    try:
        return fit_from(evaluation, by=by, stage=Stage(stage), configuration=configuration)
    except InvalidInput as error:
        log.warning("no calibrator was fitted", evaluation=evaluation_id, reason=str(error))
        return None


def fit_from(
    evaluation: Evaluation, *, by: User, stage: Stage = Stage.FIRST, configuration: int = 0
) -> Calibrator:
    """A calibrator for `stage`, not in use; the one that is there already, where the same parameters came of the same evaluation.

    Raises:
        InvalidInput: The evaluation is not done, was asked otherwise than triage asks, or has too few judged answers.
    """
    chosen = calibrators.check_fits(evaluation, stage, configuration)
    model = chosen.first_model if stage is Stage.FIRST else chosen.strong_model
    cases = cases_of(evaluation, configuration=configuration)
    calibrate, report = (
        judged(part_of(cases, part), stage) for part in (Part.CALIBRATE, Part.REPORT)
    )
    fitted = fit_signals(calibrate.signals, calibrate.are_right)
    before, after = _errors(fitted, report)
    found, _ = Calibrator.objects.get_or_create(
        stage=stage,
        version=fitted.version,
        evaluation=evaluation,
        defaults={
            "parameters": to_json(fitted) | _beside(fitted, evaluation, chosen),
            "model": model,
            "prompt_version": prompt_version(taxonomy.load(chosen.taxonomy_version_id)),
            "tickets": fitted.tickets,
            "error_before": before,
            "error_after": after,
            "by": by,
        },
    )
    return found


def _errors(fitted: Signalled, report: Judged) -> tuple[float, float]:
    """The calibration errors on tickets that it was not fitted on: as stated, and by it.

    Where it weighs the local model's chance, of tickets that this model cannot have learnt from.
    """
    rows = [
        (each, is_right)
        for each, is_right in zip(report.signals, report.are_right, strict=True)
        if Signal.LOCAL not in fitted.weights or each.has(Signal.LOCAL)
    ]
    if not rows:
        raise InvalidInput("tickets", "none is left to measure the calibration error on")
    are_right = [is_right for _, is_right in rows]
    stated = ece(equal_mass([each.stated for each, _ in rows], are_right))
    return stated, ece(equal_mass([fitted.chance(each) for each, _ in rows], are_right))


def _beside(fitted: Signalled, evaluation: Evaluation, chosen: Configuration) -> dict[str, Any]:
    is_local = Signal.LOCAL in fitted.weights
    return {
        calibrating.SIMULATED: is_simulated(evaluation),
        calibrating.GUIDE: guide_version(taxonomy.load(chosen.taxonomy_version_id)),
        calibrating.LOCAL_VERSION: chosen.local_version if is_local else "",
        calibrators.USES: [],
    }
