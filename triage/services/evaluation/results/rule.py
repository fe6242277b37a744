"""Which answers the rule would have let stand without a person, by the thresholds of one configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.models import Part
from triage.services.evaluation.cases import Case, Said
from triage.services.evaluation.configurations import Configuration
from triage.services.statistics.scores import Judgement
from triage.services.taxonomy import LabelSnapshot


@dataclass(frozen=True, slots=True)
class Rule:
    """A configuration beside the labels it speaks of, by slug; one that is not among them has no threshold of its own."""

    configuration: Configuration
    labels: Mapping[str, LabelSnapshot]

    def name_of(self, label: str) -> str:
        return self.labels[label].name if label in self.labels else label

    def is_always_escalated(self, label: str) -> bool:
        return label in self.labels and self.labels[label].always_escalate

    def is_sure(self, said: Said) -> bool:
        """Whether it reaches the threshold in force for its label."""
        own = self.labels[said.label].threshold if said.label in self.labels else None
        return said.chance >= (self.configuration.apply if own is None else own)

    def is_automatic(self, case: Case) -> bool:
        """Sure, and of a label that is not always escalated."""
        said = case.decided
        return said is not None and self.is_sure(said) and not self.is_always_escalated(said.label)

    def escalates_unasked(self, case: Case) -> bool:
        """Whether the strong model is asked whatever the confidence: no usable answer, or a label that is always escalated."""
        if case.first is None:
            return True
        return any(map(self.is_always_escalated, (case.first.label, case.first.runner_up)))

    def judgement(self, case: Case) -> Judgement:
        said = case.decided
        return Judgement(
            truth=case.truth,
            chosen=said.label if said else "",
            runner_up=said.runner_up if said else "",
            is_automatic=self.is_automatic(case),
        )


def part_of(cases: Sequence[Case], *parts: Part) -> list[Case]:
    return [case for case in cases if case.part in parts]


def is_first_right(case: Case) -> bool:
    return case.first is not None and case.first.label == case.truth


def is_strong_right(case: Case) -> bool:
    return case.strong is not None and case.strong.label == case.truth
