"""What came of many splits: mean, 5th percentile and worst, and in how many of them what was asked for held."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from triage.services.evaluation.replay.playing import Figures, Kept, Played, Rules, Strategy
from triage.services.statistics.intervals import lower_error

CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy over all splits; shares from 0 to 1.

    Args:
        low: The 5th percentile of the accuracy.
        loss: Mean accuracy below the strong model's, negative where it is above.
        not_worse: The share of splits in which the paired bound of the loss is within the margin.
        held: In which, besides, the cost is within the budget.
    """

    accuracy: float
    low: float
    worst: float
    loss: float
    not_worse: float
    cost: float
    highest_cost: float
    escalated: float
    held: float


@dataclass(frozen=True, slots=True)
class Promised:
    """The promise over all splits.

    Args:
        coverage: The mean share of tickets answered without a person.
        broken: The share of splits in which more of the scored answers were wrong than promised.
        surely_broken: In which an exact bound at 95 % says that it was no chance.
        stages: The mean share of tickets answered by each stage, and last by a person.
        cost: As a share of strong only, cached; it counts what was asked about tickets that a person got.
    """

    coverage: float
    error: float
    highest_error: float
    broken: float
    surely_broken: float
    stages: tuple[float, ...]
    cost: float


def summarize(played: Sequence[Played], *, strategy: Strategy, rules: Rules) -> Row:
    """One strategy's row over at least one split."""
    figures = [split.figures[strategy] for split in played]
    accuracies = _each(figures, lambda f: f.accuracy)
    costs = _each(figures, lambda f: f.cost)
    close = _each(figures, lambda f: f.loss_at_most <= rules.margin)
    return Row(
        accuracy=float(accuracies.mean()),
        low=float(np.percentile(accuracies, 5)),
        worst=float(accuracies.min()),
        loss=float(_each(figures, lambda f: f.loss).mean()),
        not_worse=float(close.mean()),
        cost=float(costs.mean()),
        highest_cost=float(costs.max()),
        escalated=float(_each(figures, lambda f: f.escalated).mean()),
        held=float(((costs <= rules.budget) & (close > 0)).mean()),
    )


def promised(played: Sequence[Played], *, rules: Rules) -> Promised:
    """What came of the promise over at least one split."""
    kept: list[Kept] = [split.kept for split in played]
    errors = np.array([each.error for each in kept])
    return Promised(
        coverage=float(np.mean([each.answered / each.tickets for each in kept])),
        error=float(errors.mean()),
        highest_error=float(errors.max()),
        broken=float((errors > rules.promise.target).mean()),
        surely_broken=float(np.mean([_surely(each) > rules.promise.target for each in kept])),
        stages=tuple(np.mean([each.stages for each in kept], axis=0).tolist()),
        cost=float(np.mean([each.cost for each in kept])),
    )


def _surely(kept: Kept) -> float:
    """The share of errors is at least this."""
    return lower_error(kept.errors, kept.answered, CHANCE)


def _each(figures: Iterable[Figures], figure: Callable[[Figures], float]) -> np.ndarray:
    return np.array([figure(each) for each in figures], dtype=np.float64)
