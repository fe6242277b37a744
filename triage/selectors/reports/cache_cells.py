"""Sums of what the prompt cache did, read from the cells. Money is whole nano-dollars."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, QuerySet, Sum

from triage.models import AttemptCell, CacheMiss, Grain, Subject, Tally
from triage.selectors.periods import Period
from triage.selectors.reports.tallies import of_days
from triage.selectors.tables import Asked
from triage.types import Rates

SPACING_DAYS = (
    7  # of the period, the last: how far apart calls come is read from hours, not from days
)
Group = tuple[str, str]  # feature and model


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What a group of requests had of the cache. A request is an attempt that was answered and so has input tokens.

    `hits` read from it, `writes` wrote and did not read, `neither` did neither and had `uncacheable_tokens` of input. `days`
    is on how many days there were attempts.
    """

    hits: int = 0
    writes: int = 0
    neither: int = 0
    read_tokens: int = 0
    write_5m_tokens: int = 0
    write_1h_tokens: int = 0
    uncacheable_tokens: int = 0
    saved_nanousd: int = 0
    days: int = 0

    @property
    def requests(self) -> int:
        return self.hits + self.writes + self.neither

    @property
    def written_tokens(self) -> int:
        return self.write_5m_tokens + self.write_1h_tokens

    @property
    def hit_rate(self) -> float | None:
        """What was read, of all tokens that might have been: the prefixes, and the input of what was too short for the cache."""
        return _share(self.read_tokens, self.written_tokens + self.uncacheable_tokens)

    @property
    def prefix_hit_rate(self) -> float | None:
        """What was read, of the prefixes that are long enough: what the break-even is about."""
        return _share(self.read_tokens, self.written_tokens)

    @property
    def writes_per_read(self) -> float | None:
        """Tokens written for each that was read."""
        return self.written_tokens / self.read_tokens if self.read_tokens else None

    @property
    def prefix_tokens(self) -> int | None:
        """How long the cached part of a prompt is, on average."""
        cached = self.hits + self.writes
        return round((self.read_tokens + self.written_tokens) / cached) if cached else None

    def write_usd_per_mtok(self, rates: Rates) -> Decimal:
        """The price of writing, by how much was written for five minutes and for an hour."""
        whole = (
            self.write_5m_tokens * rates.cache_write_5m
            + self.write_1h_tokens * rates.cache_write_1h
        )
        return whole / self.written_tokens if self.written_tokens else rates.cache_write_5m


SUMMED = tuple(name for name in CacheUse.__slots__ if name != "neither")


@dataclass(frozen=True, slots=True)
class Missed:
    """Requests of one group that read nothing for one cause. `tokens` were written, or could not be."""

    cause: CacheMiss
    group: Group
    number: int
    tokens: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Spacing:
    """How requests of a group come, in the hours that had any."""

    number: int
    hours: int

    @property
    def minutes_apart(self) -> float:
        return 60 * self.hours / self.number

    @property
    def an_hour(self) -> float:
        return self.number / self.hours


def by_group(asked: Asked) -> Mapping[Group, CacheUse]:
    """By feature and model. Two queries."""
    return _uses(asked, "feature", "model")


def by_day(asked: Asked) -> Mapping[date, CacheUse]:
    """Two queries; days without attempts are left out."""
    return {key[0].astimezone(UTC).date(): use for key, use in _uses(asked, "starts_at").items()}


def missed(asked: Asked) -> list[Missed]:
    """One query."""
    rows = (
        _misses(asked)
        .values_list("value", "feature", "model")
        .annotate(Sum("number"), Sum("tokens"), Max("last_at"))
    )
    return [
        Missed(CacheMiss(cause), (feature, model), int(number), int(tokens), last_at)
        for cause, feature, model, number, tokens, last_at in rows
    ]


def spacing(asked: Asked) -> Mapping[Group, Spacing]:
    """One query, of at most SPACING_DAYS days of hours."""
    period = asked.period
    first = max(period.first, period.last - timedelta(days=SPACING_DAYS - 1))
    rows = (
        Tally.objects.filter(
            grain=Grain.HOUR,
            subject=Subject.CERTAINTY,
            starts_at__gte=Period(first, period.last).starts_at,
            starts_at__lt=period.ends_before,
        )
        .values_list("feature", "model")
        .annotate(Sum("number"), Count("starts_at", distinct=True))
    )
    return {(feature, model): Spacing(int(number), hours) for feature, model, number, hours in rows}


def total(uses: Iterable[CacheUse]) -> CacheUse:
    """All of them; `days` is the most that one of them has."""
    every = list(uses)
    sums = {name: sum(getattr(use, name) for use in every) for name in CacheUse.__slots__}
    return CacheUse(**sums | {"days": max((use.days for use in every), default=0)})


def _uses(asked: Asked, *names: str) -> dict[tuple[Any, ...], CacheUse]:
    below = dict(_below_floor(asked, *names))
    rows = (
        of_days(AttemptCell.objects.all(), asked)
        .values_list(*names)
        .annotate(
            Sum("cache_hits"),
            Sum("cache_writes"),
            Sum("cache_read_tokens"),
            Sum("cache_write_5m_tokens"),
            Sum("cache_write_1h_tokens"),
            Sum("uncacheable_tokens"),
            saved=Sum(F("uncached_nanousd") - F("cost_nanousd")),
            days=Count("starts_at", distinct=True),
        )
    )
    return {
        key: CacheUse(neither=below.get(key, 0), **dict(zip(SUMMED, sums, strict=True)))
        for key, sums in _split(rows, names)
    }


def _below_floor(asked: Asked, *names: str) -> Iterator[tuple[tuple[Any, ...], int]]:
    """How many requests had a prefix too short for the cache."""
    rows = _misses(asked).filter(value=CacheMiss.BELOW_FLOOR)
    for key, (number,) in _split(rows.values_list(*names).annotate(Sum("number")), names):
        yield key, number


def _split(
    rows: Iterable[tuple[Any, ...]], names: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
    """PostgreSQL adds bigints up to numerics; here they are whole again."""
    for row in rows:
        yield row[: len(names)], [int(value) for value in row[len(names) :]]


def _misses(asked: Asked) -> QuerySet[Tally]:
    return of_days(Tally.objects.filter(subject=Subject.CACHE_MISS), asked)


def _share(read: int, missed: int) -> float | None:
    return read / (read + missed) if read + missed else None
