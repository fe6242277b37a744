"""What a stated confidence is worth: as it was stated, by the calibrators that decided, and by ones fitted on these tickets.

The latter are those that triage itself would get of this evaluation. A stage with too few judged answers keeps its stated
confidence. No calibrator guarantees anything: thresholds are proven on other tickets, whatever it says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from triage.exceptions import InvalidInput
from triage.models import Part, Stage
from triage.services.evaluation.cases import Case
from triage.services.evaluation.configurations import OWN, Configuration
from triage.services.evaluation.results.rule import part_of
from triage.services.evaluation.results.shares import Json, told
from triage.services.evaluation.signalling import before_of, judged, signals_of
from triage.services.statistics.calibrating import fit_signals
from triage.services.statistics.reliability import Bin, brier, ece, equal_mass
from triage.services.statistics.signals import Signalled, to_json

STAGES = (Stage.FIRST, Stage.STRONG)
NOTHING_SAID = "no usable answer"
Chance = Callable[[Case], float | None]


@dataclass(frozen=True, slots=True)
class Curves:
    """A calibrator by stage, fitted on these tickets; `problems` says of the other stages why they have none."""

    by_stage: Mapping[Stage, Signalled]
    problems: Mapping[Stage, str]

    @property
    def versions(self) -> dict[str, str]:
        return {stage.value: curve.version for stage, curve in self.by_stage.items()}

    def decided(self, case: Case) -> float | None:
        """The chance of the answer that counts, or its stated confidence without a calibrator; None where there is no answer."""
        said, curve = case.decided, self.by_stage.get(case.stage)
        if said is None or curve is None:
            return stated(case)
        return curve.chance(signals_of(said, before=before_of(case, case.stage)))


def fit_curves(cases: Sequence[Case]) -> Curves:
    """The calibrators that the part for calibrating supports."""
    tickets = part_of(cases, Part.CALIBRATE)
    curves: dict[Stage, Signalled] = {}
    problems: dict[Stage, str] = {}
    for stage in STAGES:
        found = judged(tickets, stage)
        try:
            curves[stage] = fit_signals(found.signals, found.are_right)
        except InvalidInput as exc:
            problems[stage] = exc.message if found.signals else NOTHING_SAID
    return Curves(curves, problems)


def calibrators_of(configuration: Configuration, curves: Curves) -> dict[str, str]:
    """The versions by stage of the calibrators that decided; a stage without one is left out."""
    asked = {stage.value: configuration.calibrator_of(stage) for stage in STAGES}
    own = curves.versions
    versions = {stage: own.get(stage, "") if v == OWN else v for stage, v in asked.items()}
    return {stage: version for stage, version in versions.items() if version}


def stated(case: Case) -> float | None:
    return case.decided.confidence if case.decided else None


def in_use(case: Case) -> float | None:
    """What decided."""
    return case.decided.chance if case.decided else None


def reliability(cases: Sequence[Case], *, by: Chance = stated) -> Json:
    """Confidences of the deciding answers beside how often they were right."""
    pairs = [(chance, case.is_right) for case in cases if (chance := by(case)) is not None]
    if not pairs:
        return {"tickets": 0, "bins": [], "ece": None, "brier": None}
    said, are_right = [chance for chance, _ in pairs], [is_right for _, is_right in pairs]
    bins = equal_mass(said, are_right)
    return {
        "tickets": len(pairs),
        "bins": [_bin(each) for each in bins],
        "ece": ece(bins),
        "brier": brier(said, are_right),
    }


def _bin(each: Bin) -> Json:
    return {
        "low": each.low,
        "high": each.high,
        "confidence": each.confidence,
        "right": told(each.right),
    }


def told_of(cases: Sequence[Case], *, curves: Curves, configuration: Configuration) -> Json:
    """The calibrators, and what they do to tickets they were not fitted on: those of the report.

    `decides` says which chances decided: "own" of this run, those of calibrators that were "in_use", or what was "stated".
    """
    report = part_of(cases, Part.REPORT)
    asked = [configuration.calibrator_of(stage) for stage in STAGES]
    decides = "own" if OWN in asked else "in_use" if any(asked) else "stated"
    return {
        "is_fitted": bool(curves.by_stage),
        "decides": decides,
        "problems": {stage.value: problem for stage, problem in curves.problems.items()},
        "tickets": len(part_of(cases, Part.CALIBRATE)),
        "versions": curves.versions,
        "curves": {stage.value: to_json(curve) for stage, curve in curves.by_stage.items()},
        "before": reliability(report),
        "in_use": reliability(report, by=in_use) if decides == "in_use" else None,
        "after": reliability(report, by=curves.decided) if curves.by_stage else None,
    }
