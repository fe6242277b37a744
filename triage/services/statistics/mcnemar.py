"""Two ways of answering the same tickets, compared on the tickets where only one of them was right.

Sources: Q. McNemar, Psychometrika 12 (1947) 153-157, with the exact binomial chance in place of chi-squared; the bound of the
loss is the union of two of Clopper and Pearson's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.exceptions import InvalidInput
from triage.services.statistics.checking import check_as_many, check_some
from triage.services.statistics.intervals import at_most, lower_error, upper_error


@dataclass(frozen=True, slots=True)
class Paired:
    """Tickets by which of two ways was right on them."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def tickets(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def loss(self) -> float:
        """How much less often the first was right, as a share of the tickets: negative where it was right more often."""
        return (self.only_second - self.only_first) / self.tickets if self.tickets else 0.0


def pair(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """Whether each was right, ticket by ticket in the same order."""
    check_some("first", first)
    check_as_many("second", second, as_many_as=first)
    seen = [(bool(mine), bool(theirs)) for mine, theirs in zip(first, second, strict=True)]
    return Paired(
        both=seen.count((True, True)),
        only_first=seen.count((True, False)),
        only_second=seen.count((False, True)),
        neither=seen.count((False, False)),
    )


def p_value(paired: Paired) -> float:
    """How likely so uneven a result is if both are right equally often: exact, two-sided.

    1 where they differ on no ticket. Large does not say that they are equal: that is `is_not_worse`.
    """
    differing = paired.only_first + paired.only_second
    fewer = min(paired.only_first, paired.only_second)
    return min(1.0, 2 * at_most(fewer, differing, 0.5))


def loss_at_most(paired: Paired, *, d: float = 0.05) -> float:
    """The first is right less often than the second by at most this share of tickets, but for a chance of `d`.

    U(b) - L(c) at d / 2 each, with b the tickets where only the second was right and c those where only the first was.
    """
    if not paired.tickets:
        raise InvalidInput("tickets", "there are none")
    return upper_error(paired.only_second, paired.tickets, d / 2) - lower_error(
        paired.only_first, paired.tickets, d / 2
    )


def is_not_worse(paired: Paired, *, margin: float, d: float = 0.05) -> bool:
    """Whether it is proven that the first loses at most `margin` (a share: 0.01 is a point) against the second."""
    return loss_at_most(paired, d=d) <= margin
