"""One split, played: train on some labels, choose on some tickets, score on others that nothing was chosen by."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from triage.exceptions import InvalidInput
from triage.services.evaluation.replay.cascade import (
    Board,
    Outcome,
    Places,
    at_random,
    by_oracle,
)
from triage.services.evaluation.replay.choosing import STAGES, best_within, certified
from triage.services.evaluation.replay.table import Table
from triage.services.local.fusion import fit_trust, fuse
from triage.services.local.training import learn
from triage.services.local.vectors import Floats
from triage.services.statistics.mcnemar import loss_at_most, pair
from triage.services.statistics.splits import Part, deal
from triage.services.statistics.thresholds import Promise

WITH_POOL: Mapping[Part, float] = MappingProxyType(
    {Part.CALIBRATE: 0.1, Part.CHOOSE: 0.4, Part.REPORT: 0.5}
)
WITHOUT: Mapping[Part, float] = MappingProxyType(
    {Part.TRAIN: 0.4, Part.CALIBRATE: 0.1, Part.CHOOSE: 0.2, Part.REPORT: 0.3}
)
PROMISE = Promise(target=0.05, d=0.05)


class Strategy(StrEnum):
    LOCAL = "local only"
    CHEAP = "cheap only"
    STRONG = "strong only, cached"
    BATCHED = "strong only, cached and batched"
    RANDOM = "cascade, escalating at random"
    CASCADE = "cascade"
    ORACLE = "cascade, escalating by oracle"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of the cascade.

    Args:
        budget: As a share of what asking only the strong model costs, with its guide cached.
        margin: By how much its accuracy may be below the strong model's (0.01 is a point).
        promise: The share of errors among what is answered without a person.
    """

    budget: float = 0.1
    margin: float = 0.01
    promise: Promise = PROMISE


@dataclass(frozen=True, slots=True)
class Figures:
    """One strategy on the scored tickets.

    `loss` is against the strong model, `loss_at_most` its paired bound at 95 %, `cost` a share of strong only, cached, and
    `escalated` the share of tickets that the strong model was asked about.
    """

    accuracy: float
    loss: float
    loss_at_most: float
    cost: float
    escalated: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of the promise on the scored tickets: how many were answered alone, by stage, and how many of those wrong."""

    answered: int
    errors: int
    tickets: int
    stages: tuple[float, ...]
    cost: float

    @property
    def error(self) -> float:
        return self.errors / self.answered if self.answered else 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """One split: every strategy, and the promise."""

    figures: Mapping[Strategy, Figures]
    kept: Kept


def play(
    table: Table, *, per_class: int | None, seed: int, rules: Rules, local: Floats | None = None
) -> Played:
    """One split.

    Args:
        per_class: So many labelled tickets of each label train the local model; None: all.
        local: Its answers, if they are known already: those of `taught_by_all`.
    """
    parts = deal(table.groups, seed=seed, shares=WITH_POOL if len(table.pool) else WITHOUT)
    if local is None:
        rows = table.pool if len(table.pool) else np.array(parts[Part.TRAIN])
        rng = np.random.default_rng(seed)
        local = local_answers(table, sample(table, rows, per_class=per_class, rng=rng))
    board = _board(table, local, np.array(parts[Part.CALIBRATE]))
    return _score(table, board, parts, seed, rules)


def taught_by_all(table: Table) -> Floats | None:
    """The local model's answers if the whole pool trains it, which is the same in every split; None where there is no pool."""
    return local_answers(table, table.pool) if len(table.pool) else None


def sample(
    table: Table, rows: Places, *, per_class: int | None, rng: np.random.Generator
) -> Places:
    """So many of these rows of each label, drawn at random; all of a label that has fewer."""
    shuffled = rng.permutation(rows)
    codes = table.codes[shuffled]
    picked = [shuffled[codes == code][:per_class] for code in np.unique(codes)]
    return np.sort(np.concatenate(picked))


def local_answers(table: Table, rows: Places) -> Floats:
    """What a local model that was trained on these rows says to the tickets; 0 for a label that none of them has."""
    seen, codes = np.unique(table.codes[rows], return_inverse=True)
    if len(seen) < 2:
        raise InvalidInput("labels", "the training tickets have a single one")
    weights = learn(table.counts.rows(rows), codes, words=table.words)
    answers = np.zeros((table.tickets, len(table.labels)))
    answers[:, seen] = weights.probabilities(table.counts.rows(np.arange(table.tickets)))
    return answers


def _score(
    table: Table, board: Board, parts: Mapping[Part, tuple[int, ...]], seed: int, rules: Rules
) -> Played:
    """Thresholds by the tickets for choosing, figures by those for the report."""
    choosing, reporting = parts[Part.CHOOSE], parts[Part.REPORT]
    unjudged = board.take(parts[Part.CALIBRATE]).confidences
    judged, scored = board.take(choosing), board.take(reporting)
    budget = rules.budget * float(_alone(table, choosing, model=1, cost=1).costs.sum())
    policy = best_within(judged, unjudged=unjudged, budget_nanousd=budget)
    plan = certified(judged, unjudged=unjudged, promise=rules.promise)
    stages = policy.stages(scored)
    strong = _alone(table, reporting, model=1, cost=1)
    outcomes = {
        Strategy.LOCAL: scored.outcome(np.zeros_like(stages)),
        Strategy.CHEAP: _alone(table, reporting, model=0, cost=0),
        Strategy.STRONG: strong,
        Strategy.BATCHED: _alone(table, reporting, model=1, cost=2),
        Strategy.RANDOM: scored.outcome(at_random(stages, np.random.default_rng(seed))),
        Strategy.CASCADE: scored.outcome(stages),
        Strategy.ORACLE: scored.outcome(by_oracle(stages, scored)),
    }
    figures = {name: _figures(outcome, strong) for name, outcome in outcomes.items()}
    return Played(figures, _kept(scored, plan.stages(scored), strong))


def _board(table: Table, local: Floats, calibrating: Places) -> Board:
    """The three stages, fused; how far each model is trusted is fitted on the tickets for calibrating."""
    codes = table.codes[: table.tickets]
    stages = [local]
    for said in table.said:
        before = stages[-1]
        trust = fit_trust(before[calibrating], said[calibrating], codes[calibrating])
        stages.append(fuse(before, said, trust=trust))
    costs = np.stack([np.zeros(table.tickets), table.costs[0], table.costs[0] + table.costs[1]])
    return Board(
        confidences=np.stack([stage.max(axis=1) for stage in stages]),
        are_right=np.stack([stage.argmax(axis=1) == codes for stage in stages]),
        costs=costs,
    )


def _alone(table: Table, places: tuple[int, ...], *, model: int, cost: int) -> Outcome:
    rows = np.array(places)
    are_right = table.said[model][rows] == table.codes[rows]
    return Outcome(are_right, table.costs[cost][rows], np.full(len(rows), 1 + model))


def _figures(outcome: Outcome, strong: Outcome) -> Figures:
    paired = pair(outcome.are_right.tolist(), strong.are_right.tolist())
    return Figures(
        accuracy=outcome.accuracy,
        loss=paired.loss,
        loss_at_most=loss_at_most(paired),
        cost=float(outcome.costs.sum() / strong.costs.sum()),
        escalated=outcome.escalated,
    )


def _kept(scored: Board, stages: Places, strong: Outcome) -> Kept:
    """A ticket that no stage may answer has been to all of them."""
    alone = stages < STAGES
    outcome = scored.outcome(np.minimum(stages, STAGES - 1))
    return Kept(
        answered=int(alone.sum()),
        errors=int((alone & ~outcome.are_right).sum()),
        tickets=scored.tickets,
        stages=tuple(float((stages == stage).mean()) for stage in range(STAGES + 1)),
        cost=float(outcome.costs.sum() / strong.costs.sum()),
    )
