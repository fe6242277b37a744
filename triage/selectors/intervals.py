"""How sure a share or a mean is: 95 % intervals in closed form, for counts as small as they come.

Sources: E. B. Wilson, JASA 22 (1927) 209-212; R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
"""

from dataclasses import dataclass
from math import ceil, sqrt

Z = 1.959964  # the normal distribution's 97.5 % point
Z_POWER = 0.841621  # its 80 % point: a true difference is found four times in five
SMALLEST_DIFFERENCE = 0.01  # a point: nobody waits for the judgements that a smaller one needs


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`. Nothing is known of a share of nothing: then `value` and `interval` are None."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's score interval."""
        if not self.whole:
            return None
        share, spread = self.part / self.whole, Z**2 / self.whole
        middle = (share + spread / 2) / (1 + spread)
        reach = sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
        low = 0.0 if self.part == 0 else middle - reach
        high = 1.0 if self.part == self.whole else middle + reach
        return Interval(low, high)


def difference(share: Share, other: Share) -> Interval | None:
    """Newcombe's interval of `share` minus `other`; None where one of them is not known."""
    mine, theirs = share.interval, other.interval
    if mine is None or theirs is None:
        return None
    first, second = share.part / share.whole, other.part / other.whole
    return Interval(
        first - second - sqrt((first - mine.low) ** 2 + (theirs.high - second) ** 2),
        first - second + sqrt((mine.high - first) ** 2 + (second - theirs.low) ** 2),
    )


def needed(share: Share, other: Share) -> int:
    """How many of each it takes, about, to tell the difference seen so far, four times in five, at 95 %.

    At least as many as a difference of one point takes where less is seen. Two of each kind are added to what was counted, so
    that a few equal ones do not pass for certainty (Agresti and Coull, 1998).
    """
    first, second = (_smoothed(each) for each in (share, other))
    seen = max(abs(first - second), SMALLEST_DIFFERENCE)
    return ceil((Z + Z_POWER) ** 2 * (first * (1 - first) + second * (1 - second)) / seen**2)


def of_mean(total: float, squares: float, number: int) -> Interval | None:
    """The interval of a mean of `number` values, none negative, by their sum and the sum of their squares; None below two.

    By the normal distribution: too narrow for a handful of values.
    """
    if number < 2:
        return None
    mean = total / number
    variance = max(0.0, (squares - total * mean) / (number - 1))
    reach = Z * sqrt(variance / number)
    return Interval(max(0.0, mean - reach), mean + reach)


def _smoothed(share: Share) -> float:
    return (share.part + 2) / (share.whole + 4)
