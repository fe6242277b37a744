"""Ranges of UTC days, which is how everything that costs is reported."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """UTC days from `first` to `last`, both counted."""

    first: date
    last: date

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.first, time.min, UTC)

    @property
    def ends_before(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time.min, UTC)

    @property
    def days(self) -> tuple[date, ...]:
        number = (self.last - self.first).days + 1
        return tuple(self.first + timedelta(days=offset) for offset in range(number))

    @property
    def before(self) -> "Period":
        """As many days right before it: what a trend compares with."""
        number = len(self.days)
        return Period(self.first - timedelta(days=number), self.first - timedelta(days=1))


def this_month(today: date) -> Period:
    """From the first of the month to `today`."""
    return Period(today.replace(day=1), today)
