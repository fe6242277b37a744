"""How much a confirmed label still teaches: half as much with every HALF_LIFE that newer ones have come since.

What a desk means by a label changes with its rules and products. Only training fades. The golden set needs no exception: it and
all else that calibrates, certifies or compares is held out of training, and counts in full.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from triage.services.evaluation.learning.examples import Example

HALF_LIFE = timedelta(days=180)


def find_newest(examples: Iterable[Example]) -> datetime | None:
    """When the newest label of all was confirmed; None where no time is known."""
    return max((each.confirmed_at for each in examples if each.confirmed_at), default=None)


def weights(examples: Sequence[Example], *, newest: datetime | None) -> list[float]:
    """How much each counts in training, above 0 and up to 1: its own weight, faded by its age in whole days.

    Age counts from the newest confirmed label, not from today: only what is newer makes a label old, and the same labels make
    the same model on any day. One whose time is not known is as new as the newest.
    """
    return [each.weight * _share_left(each.confirmed_at, newest) for each in examples]


def _share_left(confirmed_at: datetime | None, newest: datetime | None) -> float:
    if confirmed_at is None or newest is None:
        return 1.0
    days = max(0, (newest - confirmed_at).days)
    return float(0.5 ** (days / HALF_LIFE.days))
