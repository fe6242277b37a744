"""How often a threshold breaks its promise: chosen by Learn then Test, and chosen by the error that was observed.

Invented tickets whose chance of being wrong is known, so that the true share of errors above any threshold is known too. A run
judges so many of them, lets both rules choose from the same grid, and looks up what is true of the threshold that was chosen.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from triage.services.statistics.thresholds import (
    Certified,
    Promise,
    certify,
    spread_grid,
    steps,
)

PROMISE = Promise(target=0.02, d=0.05)
SIZES = (500, 1_000, 2_000)
SEED = 20_261_121
GRID_TICKETS = 2_000  # of their own, without judgements
Judged = tuple[list[float], list[bool]]
Rule = Callable[[Judged, Sequence[float]], float | None]


@dataclass(frozen=True, slots=True)
class World:
    """Tickets by rank h, 0 (surest) to 1: wrong with chance `worst` · h^`power`, and the confidence says so.

    But the surest `spoilt` of them are wrong with the chance `spoilt_error`, whatever their confidence says.
    """

    name: str
    worst: float
    power: float
    spoilt: float = 0.0
    spoilt_error: float = 0.0

    def draw(self, tickets: int, rng: np.random.Generator) -> Judged:
        """Confidences, and whether each was right."""
        ranks = rng.random(tickets)
        told = self.worst * ranks**self.power
        true = np.where(ranks < self.spoilt, self.spoilt_error, told)
        return (1 - told).tolist(), (rng.random(tickets) >= true).tolist()

    def coverage(self, threshold: float) -> float:
        """The true share of tickets with at least this confidence."""
        return float(min(1.0, ((1 - threshold) / self.worst) ** (1 / self.power)))

    def risk(self, threshold: float) -> float:
        """The true share of errors among those."""
        share = self.coverage(threshold)
        spoilt = min(share, self.spoilt)
        told = self._wrong_up_to(share) - self._wrong_up_to(spoilt)
        return (spoilt * self.spoilt_error + told) / share if share else 0.0

    def best_coverage(self) -> float:
        """The most that can be answered within the target by one who knows the truth, to a thousandth."""
        ranks = [place / 1_000 for place in range(1_001)]
        thresholds = [1 - self.worst * rank**self.power for rank in ranks]
        return max(self.coverage(t) for t in thresholds if self.risk(t) <= PROMISE.target)

    def _wrong_up_to(self, rank: float) -> float:
        return float(self.worst * rank ** (self.power + 1) / (self.power + 1))


WORLDS = (
    World("mostly clear", worst=0.3, power=6),
    World("often unclear", worst=0.27, power=2.1),
    World("clear, the surest spoilt", worst=0.3, power=6, spoilt=0.3, spoilt_error=0.025),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a rule did in so many runs: promises broken, runs without a threshold, mean coverage (0 where there was none)."""

    runs: int
    broken: int
    refused: int
    coverage: float


def learn_then_test(judged: Judged, grid: Sequence[float]) -> float | None:
    """The threshold that the product would take."""
    verdict = certify(*judged, promise=PROMISE, grid=grid)
    return verdict.step.threshold if isinstance(verdict, Certified) else None


def by_observed_error(judged: Judged, grid: Sequence[float]) -> float | None:
    """The loosest threshold at which no more than the target was seen to be wrong: what seems enough, and is not."""
    fine = [s for s in steps(*judged, grid=grid) if s.errors <= PROMISE.target * s.answered]
    return fine[-1].threshold if fine and fine[-1].answered else None


RULES: dict[str, Rule] = {"Learn then Test": learn_then_test, "observed error": by_observed_error}


def play(world: World, tickets: int, *, runs: int, seed: int = SEED) -> dict[str, Tally]:
    """What each rule did in the same runs."""
    rng = np.random.default_rng([seed, tickets])
    grid = spread_grid(world.draw(GRID_TICKETS, rng)[0])
    drawn = [world.draw(tickets, rng) for _ in range(runs)]
    return {
        name: _tally(world, [rule(judged, grid) for judged in drawn])
        for name, rule in RULES.items()
    }


def _tally(world: World, thresholds: Sequence[float | None]) -> Tally:
    chosen = [threshold for threshold in thresholds if threshold is not None]
    return Tally(
        runs=len(thresholds),
        broken=sum(world.risk(threshold) > PROMISE.target for threshold in chosen),
        refused=len(thresholds) - len(chosen),
        coverage=sum(map(world.coverage, chosen)) / len(thresholds),
    )


def main(arguments: Sequence[str]) -> bool:
    """Print the table; whether Learn then Test kept its promise in every row."""
    parser = ArgumentParser(prog="python -m eval monte_carlo", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="of each row (1,000)")
    runs = parser.parse_args(arguments).runs
    if runs < 1:
        parser.error("--runs must be at least 1")
    began = time.perf_counter()
    print(HEAD.format(runs=runs, target=100 * PROMISE.target, d=100 * PROMISE.d, seed=SEED))
    held = [_show(world, tickets, runs) for world in WORLDS for tickets in SIZES]
    print(f"\n{time.perf_counter() - began:.0f} s; the promise {'held' if all(held) else 'BROKE'}")
    return all(held)


HEAD = """\
MEASURED: {runs:,} runs a row, seed {seed}. The rules are the product's; the tickets are simulated, and what is true of them is
known. Promise: at most {target:g} % of the answered tickets are wrong, broken in at most {d:g} % of the runs. Coverage is the
mean share of tickets answered, 0 where a rule found no threshold; the best is that of one who knows the truth.

| tickets are | best coverage | judged | Learn then Test: broken | coverage | no threshold | observed error: broken | coverage |
|---|---|---|---|---|---|---|---|"""


def _show(world: World, tickets: int, runs: int) -> bool:
    ours, observed = play(world, tickets, runs=runs).values()
    print(
        f"| {world.name} | {world.best_coverage():.2f} | {tickets:,} | "
        f"{_percent(ours.broken, runs)} | {ours.coverage:.2f} | "
        f"{_percent(ours.refused, runs)} | {_percent(observed.broken, runs)} | {observed.coverage:.2f} |",
        flush=True,
    )
    return ours.broken <= PROMISE.d * runs


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"
