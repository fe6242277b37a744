"""What a stated confidence is worth: as it was stated, and by a calibrator a stage, fitted on the tickets for calibrating.

They are the calibrators that triage itself would get of this evaluation, but for the chances of a local model, so that a
threshold means the same in both. A stage with too few judged answers keeps its stated confidence. No calibrator guarantees
anything: thresholds are proven on other tickets, whatever it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.exceptions import InvalidInput
from triage.models import Part, Stage
from triage.services.evaluation.cases import Case, Said
from triage.services.evaluation.results.rule import part_of
from triage.services.evaluation.results.shares import Json, told
from triage.services.statistics.calibrating import fit_signals
from triage.services.statistics.reliability import Bin, brier, ece, equal_mass
from triage.services.statistics.signals import Signalled, Signals, to_json

STAGES = (Stage.FIRST, Stage.STRONG)
NOTHING_SAID = "no usable answer"


@dataclass(frozen=True, slots=True)
class Curves:
    """A calibrator by stage; `problems` says of the other stages why they have none."""

    by_stage: Mapping[Stage, Signalled]
    problems: Mapping[Stage, str]

    @property
    def versions(self) -> dict[str, str]:
        return {stage.value: curve.version for stage, curve in self.by_stage.items()}

    def chance(self, case: Case, stage: Stage) -> float | None:
        """Of the stage's answer being right, or its stated confidence without a calibrator; None without an answer."""
        said = case.first if stage is Stage.FIRST else case.strong
        if said is None:
            return None
        curve = self.by_stage.get(stage)
        return curve.chance(_signals(case, said, stage)) if curve else said.confidence

    def decided(self, case: Case) -> float | None:
        """Of the answer that counts; None where there is none."""
        return self.chance(case, case.stage) if case.decided else None


def fit_curves(cases: Sequence[Case]) -> Curves:
    """The calibrators that the part for calibrating supports."""
    tickets = part_of(cases, Part.CALIBRATE)
    curves: dict[Stage, Signalled] = {}
    problems: dict[Stage, str] = {}
    for stage in STAGES:
        judged = _judged(tickets, stage)
        try:
            curves[stage] = fit_signals([s for s, _ in judged], [right for _, right in judged])
        except InvalidInput as exc:
            problems[stage] = exc.message if judged else NOTHING_SAID
    return Curves(curves, problems)


def _judged(tickets: Sequence[Case], stage: Stage) -> list[tuple[Signals, bool]]:
    """The usable answers that the rule asked for."""
    said = [(case, case.first if stage is Stage.FIRST else _asked(case)) for case in tickets]
    return [(_signals(c, s, stage), s.label == c.truth) for c, s in said if s]


def _asked(case: Case) -> Said | None:
    return case.strong if case.escalation else None


def _signals(case: Case, said: Said, stage: Stage) -> Signals:
    is_second = stage is Stage.STRONG and case.first is not None
    return Signals(
        stated=said.confidence,
        runner_up=said.runner_up_confidence if said.runner_up else 0.0,
        is_agreed=case.first.label == said.label if is_second and case.first else None,
    )


def reliability(cases: Sequence[Case], *, curves: Curves | None = None) -> Json:
    """Confidences of the deciding answers beside how often they were right: as stated, or by the calibrators."""
    of = curves or Curves({}, {})
    pairs = [(chance, c.is_right) for c in cases if (chance := of.decided(c)) is not None]
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


def told_of(cases: Sequence[Case], *, curves: Curves) -> Json:
    """The calibrators, and what they do to tickets they were not fitted on: those of the report."""
    report = part_of(cases, Part.REPORT)
    return {
        "is_fitted": bool(curves.by_stage),
        "problems": {stage.value: problem for stage, problem in curves.problems.items()},
        "tickets": len(part_of(cases, Part.CALIBRATE)),
        "versions": curves.versions,
        "curves": {stage.value: to_json(curve) for stage, curve in curves.by_stage.items()},
        "before": reliability(report),
        "after": reliability(report, curves=curves) if curves.by_stage else None,
    }
