"""Tickets on their way through three stages: the local model, the cheap one, the strong one.

After each stage its answer is fused with those before, and the ticket leaves with the likeliest label if that is likely enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.services.local.vectors import Floats

Bools = NDArray[np.bool_]
Places = NDArray[np.int64]
NEVER = float("inf")  # a threshold that nothing reaches


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """For every ticket (a column) what would come of it at each of three stages (a row).

    Args:
        confidences: How likely the label is that is likeliest after the stage.
        are_right: Whether it is the known one.
        costs: What the ticket has cost by then, in nano-dollars.
    """

    confidences: Floats
    are_right: Bools
    costs: Floats

    def take(self, places: Sequence[int] | Places | Bools) -> "Board":
        """Only these tickets."""
        picked = np.asarray(places)
        return Board(self.confidences[:, picked], self.are_right[:, picked], self.costs[:, picked])

    @property
    def tickets(self) -> int:
        return int(self.confidences.shape[1])

    def outcome(self, stages: Places) -> "Outcome":
        """What comes of it if each ticket leaves after this stage."""
        columns = np.arange(self.tickets)
        return Outcome(self.are_right[stages, columns], self.costs[stages, columns], stages)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of tickets: whether the label was right, what it cost in nano-dollars, and which stage gave it."""

    are_right: Bools
    costs: Floats
    stages: Places

    @property
    def accuracy(self) -> float:
        return float(self.are_right.mean())

    @property
    def escalated(self) -> float:
        """The share that the strong model was asked about."""
        return float((self.stages == 2).mean())


@dataclass(frozen=True, slots=True)
class Policy:
    """From which confidence on a ticket leaves after the local model, and after the cheap one."""

    local: float
    cheap: float

    def stages(self, board: Board) -> Places:
        """0, 1 or 2 for each ticket: the strong model is asked about whatever is left."""
        late = np.where(board.confidences[1] >= self.cheap, 1, 2)
        return np.where(board.confidences[0] >= self.local, 0, late)


def at_random(stages: Places, rng: np.random.Generator) -> Places:
    """As many go on to the strong model, but any of those that reached the cheap one: what choosing by confidence has to beat."""
    return _escalating(stages, rng.permutation(np.flatnonzero(stages > 0)))


def by_oracle(stages: Places, board: Board) -> Places:
    """At most as many go on, and only where that turns a wrong label into the right one: what no rule can beat."""
    gains = board.are_right[2] & ~board.are_right[1]
    return _escalating(stages, np.flatnonzero((stages > 0) & gains))


def _escalating(stages: Places, order: Places) -> Places:
    chosen = order[: int((stages == 2).sum())]
    changed = np.minimum(stages, 1)
    changed[chosen] = 2
    return changed
