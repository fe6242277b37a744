"""What an old label still teaches beside newer ones."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.services.evaluation.learning.examples import Example
from triage.services.evaluation.learning.fading import find_newest, weights

NEWEST = datetime(2026, 11, 22, 9, tzinfo=UTC)


def example(days: float | None, *, weight: float = 1.0) -> Example:
    """Confirmed so many days before the newest; None: nobody knows when."""
    at = None if days is None else NEWEST - timedelta(days=days)
    return Example("A parcel is lost", "shipping", True, weight=weight, confirmed_at=at)


@pytest.mark.parametrize(
    ("days", "left"), [(0, 1), (0.9, 1), (90, 0.7071), (180, 0.5), (360, 0.25), (1_800, 2**-10)]
)
def test_a_label_teaches_half_as_much_with_every_180_days(days: float, left: float) -> None:
    assert weights([example(days)], newest=NEWEST) == [pytest.approx(left, abs=1e-4)]


def test_what_counts_half_fades_from_there() -> None:
    assert weights([example(180, weight=0.5)], newest=NEWEST) == [0.25]


def test_age_counts_from_the_newest_label_of_all() -> None:
    several = [example(400), example(220), example(None)]

    newest = find_newest(several)

    assert newest == NEWEST - timedelta(days=220)
    assert weights(several, newest=newest) == [0.5, 1, 1]


def test_without_any_time_all_count_in_full() -> None:
    several = [example(None), example(None, weight=0.5)]

    assert weights(several, newest=find_newest(several)) == [1, 0.5]
