"""Shares as the results keep them, with their exact intervals, and small sums that stay defined for no tickets at all."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from triage.selectors.intervals import Share
from triage.services.statistics.intervals import exact

Json = dict[str, Any]


def told(share: Share, *, d: float = 0.05) -> Json:
    """`part` of `whole` with Clopper and Pearson's interval, `low` and `high` from 0 to 1; None of nothing."""
    if not share.whole:
        return {"part": 0, "whole": 0, "low": None, "high": None}
    found = exact(share, d=d)
    return {"part": share.part, "whole": share.whole, "low": found.low, "high": found.high}


def counted(are: Iterable[bool], *, d: float = 0.05) -> Json:
    """How many of them are, `told`."""
    seen = [bool(each) for each in are]
    return told(Share(sum(seen), len(seen)), d=d)


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def percentile(values: Sequence[int], share: float) -> int | None:
    """The smallest of the values that at least `share` of them do not exceed."""
    if not values:
        return None
    return sorted(values)[max(ceil(share * len(values)) - 1, 0)]
