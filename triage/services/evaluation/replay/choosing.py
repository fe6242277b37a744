"""Thresholds for a cascade, chosen on tickets that are not scored.

Two questions, two ways. What may be answered without a person, within a share of errors: one threshold for all stages, proven by
Learn then Test on what the whole cascade answers with it. And what is the best that a budget buys, where every ticket gets a
label: nothing is proven by that choice, so the scored tickets must show it.
"""

from dataclasses import dataclass
from itertools import product, takewhile

import numpy as np

from triage.services.evaluation.replay.cascade import NEVER, Board, Places, Policy
from triage.services.local.vectors import Floats
from triage.services.statistics.thresholds import Promise, Step, spread_grid

STAGES = 3
RESERVE = 0.85  # of the budget is planned with: a part of other tickets may need more


@dataclass(frozen=True, slots=True)
class Plan:
    """From which confidence on the first stage that has it answers alone; NEVER where that is not proven."""

    threshold: float

    def stages(self, board: Board) -> Places:
        """The stage that answers each ticket; STAGES where none may, so that a person has to."""
        passed = board.confidences >= self.threshold
        return np.where(passed.any(axis=0), passed.argmax(axis=0), STAGES)


def certified(board: Board, *, unjudged: Floats, promise: Promise) -> Plan:
    """The loosest threshold that is proven by the tickets of `board`.

    Args:
        unjudged: Confidences of other tickets, a row a stage, that the tried thresholds are taken from.
    """
    grid = spread_grid(np.minimum(unjudged.max(axis=0), 1).tolist())
    tried = (_step(board, threshold) for threshold in grid)
    walk = (step for step in tried if step.answered >= promise.starts_at)
    passed = list(takewhile(promise.is_proven, walk))
    return Plan(passed[-1].threshold if passed else NEVER)


def _step(board: Board, threshold: float) -> Step:
    stages = Plan(threshold).stages(board)
    answered = np.flatnonzero(stages < STAGES)
    are_right = board.are_right[stages[answered], answered]
    return Step(threshold, len(answered), int((~are_right).sum()))


def best_within(board: Board, *, unjudged: Floats, budget_nanousd: float) -> Policy:
    """The policy with the most right labels on these tickets for RESERVE of the budget, the cheaper of equals.

    Where none is so cheap: the local model alone.

    Args:
        budget_nanousd: For all tickets of `board` together.
    """
    best, key = Policy(local=0.0, cheap=0.0), (-1, 0.0)
    for local, cheap in product(_tried(unjudged[0]), _tried(unjudged[1])):
        policy = Policy(local, cheap)
        outcome = board.outcome(policy.stages(board))
        cost = float(outcome.costs.sum())
        found = (int(outcome.are_right.sum()), -cost)
        if cost <= RESERVE * budget_nanousd and found > key:
            best, key = policy, found
    return best


def _tried(confidences: Floats) -> list[float]:
    return [NEVER, *spread_grid(np.minimum(confidences, 1).tolist()), 0.0]
