"""What stood beside each judged answer of an evaluation, as the cascade knows it: what a calibrator is fitted on. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from triage.models import Stage
from triage.services.evaluation.cases import Case, Said
from triage.services.statistics.signals import Signals


@dataclass(frozen=True, slots=True)
class Judged:
    """One stage's answers with their signals, in the order of the tickets, and whether each was right."""

    signals: tuple[Signals, ...]
    are_right: tuple[bool, ...]


def judged(cases: Iterable[Case], stage: Stage) -> Judged:
    """The usable answers of `stage` that the cascade would have asked for: of the strong model only after an escalation."""
    pairs = [(case, said) for case in cases if (said := _said(case, stage))]
    return Judged(
        signals=tuple(signals_of(said, before=before_of(case, stage)) for case, said in pairs),
        are_right=tuple(said.label == case.truth for case, said in pairs),
    )


def signals_of(said: Said, *, before: Said | None = None) -> Signals:
    """
    Args:
        before: What the stage before said, if there was one.
    """
    return Signals(
        stated=said.confidence,
        runner_up=said.runner_up_confidence if said.runner_up else 0.0,
        is_agreed=before.label == said.label if before else None,
        local_chance=said.local_chance,
    )


def before_of(case: Case, stage: Stage) -> Said | None:
    return case.first if stage is Stage.STRONG else None


def _said(case: Case, stage: Stage) -> Said | None:
    if stage is Stage.FIRST:
        return case.first
    return case.strong if case.escalation else None
