"""How fresh the rolled-up figures are, and how a histogram of times is read."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from triage.models import RollupState

GAMMA = 1.04  # the width of a bucket: (γ - 1) / (γ + 1) = 2 % is the most that a read value is off
OLD_AFTER = timedelta(minutes=5)


def refreshed_at() -> datetime | None:
    """When the cells were last brought up to date; None before the first time."""
    return RollupState.objects.values_list("refreshed_at", flat=True).first()


def is_old(at: datetime | None) -> bool:
    return at is None or timezone.now() - at > OLD_AFTER


def percentile(histogram: Mapping[int, int], fraction: float) -> int | None:
    """The milliseconds that `fraction` of the values do not exceed, at most 2 % off; None where there are none."""
    total = sum(histogram.values())
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= fraction * total:
            return round(middle(bucket))
    return None


def middle(bucket: int) -> float:
    """The milliseconds that a bucket stands for: as far from its lower end as from its upper one, in proportion."""
    return 1.0 if bucket == 0 else 2 * GAMMA**bucket / (GAMMA + 1)
