"""From which chance on a local model may answer alone, by groups of labels, and what proves it.

The groups are those of a label's tickets before anything is judged: rare ones were learnt from few tickets and are never answered
alone; hard ones were named wrongly too often on the tickets for calibrating; the others are easy. The tickets that prove are only
those that the cascade would let it answer, and were seen by nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Any

from triage.services.classification.stage_0 import UNKNOWN_AT_MOST
from triage.services.evaluation.learning.examples import Example
from triage.services.local.model import Model
from triage.services.statistics.thresholds import (
    Certified,
    Judged,
    Promise,
    Refused,
    certify_groups,
    spread_grid,
    steps,
)
from triage.services.taxonomy import Taxonomy

RARE_BELOW = 20  # training tickets
HARD_ABOVE = 0.1  # of the calibrating tickets on which the label was named, so many wrong
HARD_FROM = 5  # such tickets; with fewer nothing is known of a label
NO_TICKETS = "nothing to prove it by: no random tickets are left for that"


class Group(StrEnum):
    EASY = "easy"
    HARD = "hard"
    RARE = "rare"


@dataclass(frozen=True, slots=True)
class Guess:
    """What a model says of a ticket whose label is known."""

    label: str
    chance: float
    is_right: bool
    may_stand: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """`groups` by label; `thresholds` of the groups that are proven; `proofs` in JSON, of every group that was tried."""

    groups: Mapping[str, Group]
    thresholds: Mapping[str, float]
    proofs: Mapping[str, Mapping[str, Any]]


def guesses(model: Model, examples: Sequence[Example], taxonomy: Taxonomy) -> list[Guess]:
    """`may_stand` is what the cascade asks for beside the chance: a familiar text, no instruction, no always escalated label."""
    if not examples:
        return []
    found = model.predict([each.text for each in examples])
    rows = zip(examples, found.chosen, found.confidences, found.unknown, strict=True)
    return [
        Guess(
            label,
            float(chance),
            label == example.label,
            float(unknown) <= UNKNOWN_AT_MOST
            and not example.is_flagged
            and not taxonomy.labels[label].always_escalate,
        )
        for example, label, chance, unknown in rows
    ]


def certify(
    model: Model,
    *,
    learnt: Iterable[Example],
    calibrate: Sequence[Guess],
    choose: Sequence[Guess],
    promise: Promise,
) -> Certificate:
    """What these tickets prove for `promise`, over all groups together."""
    groups = _groups(model.labels, Counter(each.label for each in learnt), calibrate)
    grid = spread_grid([each.chance for each in calibrate if each.may_stand] or [1.0])
    judged = _judged(groups, choose)
    if not judged:
        return Certificate(groups, {}, {Group.EASY: {"words": NO_TICKETS}})
    found = certify_groups(judged, promise=promise, grid=grid)
    thresholds = {
        group: each.step.threshold for group, each in found.items() if isinstance(each, Certified)
    }
    proofs = {group: _proof(each, judged[group], grid) for group, each in found.items()}
    return Certificate(groups, thresholds, proofs)


def _groups(
    labels: Iterable[str], learnt: Mapping[str, int], calibrate: Iterable[Guess]
) -> dict[str, Group]:
    named, wrong = Counter[str](), Counter[str]()
    for guess in calibrate:
        named[guess.label] += 1
        wrong[guess.label] += not guess.is_right
    return {label: _group(learnt.get(label, 0), named[label], wrong[label]) for label in labels}


def _group(learnt: int, named: int, wrong: int) -> Group:
    if learnt < RARE_BELOW:
        return Group.RARE
    return Group.HARD if named >= HARD_FROM and wrong > HARD_ABOVE * named else Group.EASY


def _judged(groups: Mapping[str, Group], choose: Iterable[Guess]) -> dict[str, Judged]:
    """By group of the label that was named, which is all that is known when a ticket comes."""
    found: dict[str, tuple[list[float], list[bool]]] = {}
    for guess in choose:
        group = groups[guess.label]
        if guess.may_stand and group is not Group.RARE:
            chances, are_right = found.setdefault(group.value, ([], []))
            chances.append(guess.chance)
            are_right.append(guess.is_right)
    return {group: (chances, are_right) for group, (chances, are_right) in found.items()}


def _proof(found: Certified | Refused, judged: Judged, grid: Sequence[float]) -> dict[str, Any]:
    """`ladder` are all thresholds that were proven, strict to loose: what an alarm steps back on."""
    step = found.step
    proof: dict[str, Any] = {
        "threshold": None,
        "answered": step.answered,
        "errors": step.errors,
        "tickets": found.tickets,
    }
    if isinstance(found, Refused):
        return proof | {"words": found.words}
    curve = (each for each in steps(*judged, grid=grid) if each.answered >= found.promise.starts_at)
    words = (
        f"from a chance of {100 * step.threshold:.1f} % on at most {100 * found.promise.target:g} % are wrong: of"
        f" {step.answered:,} answered tickets {step.errors:,} are, upper bound {100 * found.upper_error:.2f} %"
    )
    return proof | {
        "threshold": step.threshold,
        "upper_error": found.upper_error,
        "ladder": [each.threshold for each in takewhile(found.promise.is_proven, curve)],
        "words": words,
    }
