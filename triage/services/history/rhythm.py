"""When a help desk is asked: busy mornings, quiet weekends, and nights in which mail is only fetched now and then."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from triage.services.history.scene import DAY_SECONDS, Calendar

HOUR_SECONDS = 3_600
# Shares of a working day by the hour, UTC, and of the week by the day, Monday first. Invented, after what help desks report.
BY_HOUR = (5, 4, 3, 3, 3, 5, 14, 40, 80, 100, 98, 88, 74, 82, 88, 80, 66, 48, 36, 28, 22, 17, 12, 7)
BY_WEEKDAY = (1.15, 1.08, 1.0, 1.0, 0.92, 0.45, 0.38)
# At night all that came is handled in bursts, so that the prompt cache lapses between them.
NIGHT = frozenset({23, 0, 1, 2, 3, 4, 5})
BURSTS, BURST_SECONDS = 3, 120


@dataclass(frozen=True, slots=True)
class Hour:
    """What is told until its end, counted from the day's beginning."""

    number: int
    seconds: float
    attempts: int
    tickets: int


@dataclass(frozen=True, slots=True)
class DayQuota:
    """One day's share of the attempts and the tickets, hour by hour."""

    number: int
    hours: tuple[Hour, ...]

    @property
    def attempts(self) -> int:
        return self.hours[-1].attempts

    @property
    def tickets(self) -> int:
        return self.hours[-1].tickets


def quotas(calendar: Calendar, *, attempts: int, tickets: int) -> tuple[DayQuota, ...]:
    """All of both, spread over the days; the sums are exact."""
    lengths = list(_lengths(calendar))
    weights = [_weight(calendar, hour) * length for hour, length in enumerate(lengths)]
    attempted, ticketed = _until(attempts, weights), _until(tickets, weights)
    return tuple(
        DayQuota(
            day,
            tuple(
                Hour(
                    hour % 24,
                    lengths[hour],
                    attempted[hour + 1] - attempted[day * 24],
                    ticketed[hour + 1] - ticketed[day * 24],
                )
                for hour in range(day * 24, day * 24 + 24)
            ),
        )
        for day in range(calendar.days)
    )


def moment(hour: Hour, share: float) -> float:
    """Seconds into the hour at which `share` (0 to 1) of it is told."""
    if hour.number not in NIGHT or hour.seconds < HOUR_SECONDS:
        return share * hour.seconds
    burst = min(int(share * BURSTS), BURSTS - 1)
    return burst * HOUR_SECONDS / BURSTS + (share * BURSTS - burst) * BURST_SECONDS


def _lengths(calendar: Calendar) -> Iterator[float]:
    """Of each hour the seconds that have passed."""
    edges = range(0, calendar.days * DAY_SECONDS + 1, HOUR_SECONDS)
    for start, end in pairwise(edges):
        yield float(min(max(calendar.ends_at - start, 0), end - start))


def _weight(calendar: Calendar, hour: int) -> float:
    weekday = (calendar.first_day.weekday() + hour // 24) % 7
    return BY_WEEKDAY[weekday] * BY_HOUR[hour % 24]


def _until(total: int, weights: list[float]) -> list[int]:
    """How many of `total` have come when each of the weights is over, from none to all."""
    whole = sum(weights)
    return [round(total * weight / whole) for weight in accumulate(weights, initial=0.0)]
