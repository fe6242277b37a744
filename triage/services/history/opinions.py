"""What the two models say of a simulated ticket, and what people find: the surer a model says it is, the likelier it is right."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from triage.models import Decision
from triage.services.classification.rule import Thresholds, decide_label
from triage.services.history.scene import SeedLabel

SURE = 0.8  # share of the tickets whose words are plain
LOOKED_AT = {True: 0.25, False: 0.7}  # of applied labels, by whether they are right
SETTLED = 0.92  # of suggested and withheld ones


class Opinion(NamedTuple):
    label: SeedLabel
    confidence: float


class Opinions:
    """Drawn for one day's tickets. The first labels come most often."""

    def __init__(self, labels: Sequence[SeedLabel], draw: Random) -> None:
        self._labels, self._random = labels, draw.random

    def topic(self) -> int:
        """The number of the label that a ticket belongs to."""
        return int(len(self._labels) * self._random() ** 2)

    def first(self, topic: int, *, is_sure: bool = False) -> Opinion:
        """`is_sure`: where the strong model cannot be asked."""
        is_plain = is_sure or self._random() < SURE
        luck = self._random()
        confidence = 0.86 + 0.135 * luck**0.5 if is_plain else 0.3 + 0.55 * luck
        return self._named(topic, confidence, chance=0.22 + 0.76 * confidence)

    def strong(self, topic: int) -> Opinion:
        confidence = 0.55 + 0.44 * self._random() ** 0.4
        return self._named(topic, confidence, chance=0.38 + 0.58 * confidence)

    def judged(self, opinion: Opinion, topic: int, decision: Decision) -> bool:
        """Whether a person looks at it."""
        if decision is Decision.APPLIED:
            is_right = opinion.label is self._labels[topic]
            return self._random() < LOOKED_AT[is_right]
        return self._random() < SETTLED

    def label(self, topic: int) -> SeedLabel:
        return self._labels[topic]

    def _named(self, topic: int, confidence: float, *, chance: float) -> Opinion:
        """The right label, or one of the three that are taken for it most often."""
        rounded = round(confidence, 2)
        if self._random() < chance:
            return Opinion(self._labels[topic], rounded)
        other = topic + 1 + int(3 * self._random() ** 2)
        return Opinion(self._labels[other % len(self._labels)], rounded)


def must_escalate(opinion: Opinion, thresholds: Thresholds) -> str:
    """Why the strong model decides, as the cascade says it; "" if it does not."""
    label = opinion.label.snapshot
    threshold = thresholds.for_label(label)
    if opinion.confidence < threshold:
        return f"confidence {opinion.confidence:.2f} is below {threshold:.2f}"
    return f"“{label.name}” is always escalated" if label.always_escalate else ""


def decided(opinion: Opinion, thresholds: Thresholds) -> Decision:
    label = opinion.label.snapshot
    return decide_label(opinion.confidence, label, thresholds, is_flagged=False, is_outage=False)
