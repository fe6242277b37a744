"""From which confidence on answers may stand alone, so that the share of wrong ones keeps a promise: Learn then Test.

Source: A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan and L. Lei, "Learn then Test", Annals of Applied Statistics 19
(2025), arXiv 2110.01052, with a fixed sequence of exact binomial tests: thresholds that were set before the judgements were seen
are tested from strict to loose, each at the full `d`, until the first that fails; the last that passed is taken. The chance of
taking one whose true share of errors is above the target is at most `d`.

The walk starts where twice as many tickets are answered as a proof without an error takes, because with fewer one unlucky error
ends it at once. Where it starts depends on confidences, never on judgements. The guarantee is exact if a higher confidence does
not mean more errors, and was measured where it does (`python -m eval monte_carlo`).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise, takewhile
from math import ceil

from triage.exceptions import InvalidInput
from triage.services.statistics.checking import (
    check_between,
    check_confidences,
    check_judged,
    check_some,
)
from triage.services.statistics.intervals import (
    at_most,
    needed_for,
    needed_without_error,
    upper_error,
)

POINTS = 50
START = 2  # times the tickets of a proof without an error
Judged = tuple[Sequence[float], Sequence[bool]]


@dataclass(frozen=True, slots=True)
class Step:
    """What a threshold does to the judged tickets: `answered` have at least this confidence, `errors` of them are wrong."""

    threshold: float
    answered: int
    errors: int


@dataclass(frozen=True, slots=True)
class Promise:
    """At most a share `target` of the answers is wrong; this is broken with a chance of at most `d`."""

    target: float
    d: float

    def __post_init__(self) -> None:
        check_between("target", self.target)
        check_between("d", self.d)

    @property
    def starts_at(self) -> int:
        """Tickets answered at the first threshold that is tested."""
        return START * needed_without_error(self.target, self.d)

    def is_proven(self, step: Step) -> bool:
        return at_most(step.errors, step.answered, self.target) <= self.d


@dataclass(frozen=True, slots=True)
class Certified:
    """`step` is the loosest threshold that keeps the promise, by `tickets` judged ones."""

    promise: Promise
    step: Step
    tickets: int

    @property
    def coverage(self) -> float:
        return self.step.answered / self.tickets

    @property
    def upper_error(self) -> float:
        """The bound that was proven: at most the target."""
        return upper_error(self.step.errors, self.step.answered, self.promise.d)


class Why(StrEnum):
    TOO_FEW = "too few tickets"
    TOO_WRONG = "too many errors"


@dataclass(frozen=True, slots=True)
class Refused:
    """No threshold is proven: nothing may stand alone.

    `step` is where it ended: the loosest threshold if there are too few tickets, else the first one tested. `missing` is about
    how many more judged tickets it takes, if they are as those seen; None where more of the same would not do.
    """

    promise: Promise
    why: Why
    step: Step
    tickets: int
    missing: int | None

    @property
    def words(self) -> str:
        """What is missing, for people."""
        asked = f"at most {100 * self.promise.target:g} % wrong"
        seen = f"of {self.step.answered:,} answered tickets {self.step.errors:,} are wrong"
        return f"{asked} is not proven: {seen}; {self._more}"

    @property
    def _more(self) -> str:
        if not self.missing:
            return NO_MORE
        least = "at least" if self.why is Why.TOO_FEW else "about"
        return f"{least} {self.missing:,} more judged tickets are needed"


NO_MORE = "more tickets like these would not prove it"


def spread_grid(confidences: Sequence[float], *, points: int = POINTS) -> tuple[float, ...]:
    """Thresholds that part these confidences evenly, strict to loose.

    The tickets must be others than those that are judged for the threshold; nobody has to judge them.
    """
    check_some("confidences", confidences)
    check_confidences(confidences)
    if points < 1:
        raise InvalidInput("points", f"{points} is fewer than one")
    ranked = sorted(map(float, confidences), reverse=True)
    places = (ceil(len(ranked) * point / points) - 1 for point in range(1, points + 1))
    return tuple(sorted({ranked[place] for place in places}, reverse=True))


def steps(
    confidences: Sequence[float], are_right: Sequence[bool], *, grid: Sequence[float]
) -> tuple[Step, ...]:
    """Every threshold of the grid with its answers and errors: the curve of risk and coverage, proven or not."""
    check_judged(confidences, are_right)
    _check_grid(grid)
    falling = [-threshold for threshold in grid]
    answered, errors = [0] * (len(grid) + 1), [0] * (len(grid) + 1)
    for confidence, is_right in zip(confidences, are_right, strict=True):
        place = bisect_left(falling, -confidence)
        answered[place] += 1
        errors[place] += not is_right
    counts = zip(grid, accumulate(answered[:-1]), accumulate(errors[:-1]), strict=True)
    return tuple(Step(float(threshold), number, wrong) for threshold, number, wrong in counts)


def certify(
    confidences: Sequence[float],
    are_right: Sequence[bool],
    *,
    promise: Promise,
    grid: Sequence[float],
) -> Certified | Refused:
    """The loosest threshold that keeps the promise, or why there is none.

    Args:
        grid: Falling thresholds, set without a look at these tickets: `spread_grid` of others, or steps fixed once for all.
    """
    curve = steps(confidences, are_right, grid=grid)
    walk = [step for step in curve if step.answered >= promise.starts_at]
    passed = list(takewhile(promise.is_proven, walk))
    number = len(confidences)
    if passed:
        return Certified(promise, passed[-1], number)
    if walk:
        missing = _missing_at(walk[0], promise, number)
        return Refused(promise, Why.TOO_WRONG, walk[0], number, missing)
    missing = _more(promise.starts_at, curve[-1], number)
    return Refused(promise, Why.TOO_FEW, curve[-1], number, missing)


def certify_groups(
    judged: Mapping[str, Judged], *, promise: Promise, grid: Sequence[float]
) -> dict[str, Certified | Refused]:
    """A threshold for each group of labels, so that all promises together are broken with a chance of at most `d`.

    Each group gets d / groups (Bonferroni), so groups cost tickets: easy, hard and rare, not one a label.
    """
    if not judged:
        raise InvalidInput("groups", "there are none")
    shared = Promise(promise.target, promise.d / len(judged))
    return {
        name: certify(confidences, are_right, promise=shared, grid=grid)
        for name, (confidences, are_right) in judged.items()
    }


def _missing_at(step: Step, promise: Promise, tickets: int) -> int | None:
    """If the share of errors at the first threshold is the true one."""
    needed = needed_for(promise.target, promise.d, step.errors / step.answered)
    return None if needed is None else _more(needed, step, tickets)


def _more(answered: int, step: Step, tickets: int) -> int | None:
    """How many more judged tickets bring so many answers at this threshold; None if it answers none."""
    if not step.answered:
        return None
    return max(1, ceil(answered * tickets / step.answered) - tickets)


def _check_grid(grid: Sequence[float]) -> None:
    check_some("grid", grid)
    check_confidences(grid, name="grid")
    if any(stricter <= looser for stricter, looser in pairwise(grid)):
        raise InvalidInput("grid", "the thresholds do not fall from strict to loose")
