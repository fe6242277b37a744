"""Whether a confidence means what it says: bins of it beside how often they were right, in one number and another.

Sources: ECE after M. P. Naeini, G. Cooper and M. Hauskrecht, AAAI 2015 (equal width: each bin as wide as the others), and in bins
of equal mass (as many tickets in each) after K. Nguyen and B. O'Connor, EMNLP 2015; the score of G. W. Brier, Monthly Weather
Review 78 (1950) 1-3, of the chosen label alone. Both kinds of ECE depend on the number of bins: compare only equal ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from triage.exceptions import InvalidInput
from triage.selectors.intervals import Share
from triage.services.statistics.checking import check_judged

BINS = 10
Pair = tuple[float, bool]


@dataclass(frozen=True, slots=True)
class Bin:
    """Tickets with a confidence from `low` to `high`: their mean confidence, and how many of them were right."""

    low: float
    high: float
    confidence: float
    right: Share

    @property
    def gap(self) -> float:
        """Mean confidence less the share that was right: positive where it promises too much."""
        return self.confidence - self.right.part / self.right.whole


def equal_width(
    confidences: Sequence[float], are_right: Sequence[bool], *, bins: int = BINS
) -> tuple[Bin, ...]:
    """Bins of 1 / `bins` each, the last one with its upper end; those without a ticket are left out."""
    pairs = _pairs(confidences, are_right, bins)
    grouped = groupby(pairs, key=lambda pair: min(int(pair[0] * bins), bins - 1))
    return tuple(_bin(list(inside), n / bins, (n + 1) / bins) for n, inside in grouped)


def equal_mass(
    confidences: Sequence[float], are_right: Sequence[bool], *, bins: int = BINS
) -> tuple[Bin, ...]:
    """At most `bins` bins with about as many tickets in each. Equal confidences are never parted, so that order cannot matter."""
    pairs = _pairs(confidences, are_right, bins)
    found: list[Bin] = []
    inside: list[Pair] = []
    seen = 0
    for _, equal in groupby(pairs, key=lambda pair: pair[0]):
        inside += equal
        if seen + len(inside) >= len(pairs) * (len(found) + 1) / bins:
            seen += len(inside)
            found.append(_bin(inside, inside[0][0], inside[-1][0]))
            inside = []
    return tuple(found)


def ece(bins: Iterable[Bin]) -> float:
    """The expected calibration error, 0 to 1: the mean of the bins' gaps without their sign, each by its tickets."""
    seen = list(bins)
    tickets = sum(each.right.whole for each in seen)
    return sum(each.right.whole * abs(each.gap) for each in seen) / tickets if tickets else 0.0


def brier(confidences: Sequence[float], are_right: Sequence[bool]) -> float:
    """The mean squared distance of the confidence from what came of it (1 right, 0 wrong): 0 is perfect, 0.25 says nothing."""
    check_judged(confidences, are_right)
    pairs = zip(confidences, are_right, strict=True)
    return sum((confidence - bool(is_right)) ** 2 for confidence, is_right in pairs) / len(
        confidences
    )


def _pairs(confidences: Sequence[float], are_right: Sequence[bool], bins: int) -> list[Pair]:
    check_judged(confidences, are_right)
    if bins < 1:
        raise InvalidInput("bins", f"{bins} is fewer than one")
    return sorted(zip(map(float, confidences), map(bool, are_right), strict=True))


def _bin(inside: Sequence[Pair], low: float, high: float) -> Bin:
    right = sum(is_right for _, is_right in inside)
    mean = sum(confidence for confidence, _ in inside) / len(inside)
    return Bin(low, high, mean, Share(right, len(inside)))
