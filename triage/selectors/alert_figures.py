"""The figures that alerts are about: sums of the newest cells, and a few reads through indexes. Each is one or two queries.

"The last hour" is read from cells by the hour (UTC): the hour that runs, once it holds enough to tell from; until then that
one and the one before.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from django.db.models import F, Min, QuerySet, Sum

from triage.models import (
    Attempt,
    AttemptCell,
    Budget,
    Certainty,
    Feature,
    Grain,
    LatencyCell,
    Measure,
    Period,
    Scope,
    State,
    Subject,
    Tally,
    Triage,
    TriageCell,
)
from triage.models.rollups import ALL_TEAMS
from triage.selectors.rollups import percentile

UNSURE = (Certainty.UNKNOWN, Certainty.LOWER_BOUND)  # what the partial index holds
DUE = (State.QUEUED, State.RUNNING, State.SKIPPED)  # what waits for a batch is not late
COUNTED_AT_MOST = 1_000
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Part:
    """`part` of `whole`, counted from `since` on. `whole` is 0 where there was nothing."""

    part: int
    whole: int
    since: datetime

    @property
    def percent(self) -> float | None:
        return 100 * self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Input tokens of one model from `since` on: those read from the prompt cache, and all that could have been."""

    tokens: Part
    requests: int


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a feature's attempts took from `since` on."""

    attempts: int
    p95_ms: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Costs:
    """Nano-dollars: of today so far, and of a day on the mean of the seven before."""

    today_nanousd: int
    usual_nanousd: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Nano-dollars of this month: so far, and by its end if the rest goes like the days so far."""

    so_far_nanousd: int
    expected_nanousd: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Decisions on labels that people judged, and how many of them they found wrong: lately, and before."""

    wrong: int
    judged: int
    wrong_before: int
    judged_before: int


def errors(now: datetime, *, enough: int) -> Part:
    """Attempts of the last hour that failed."""
    hours = _by_hour(_attempts(now)).get("", {})
    sums, since = _newest(hours, now, enough=enough, size=lambda hour: hour["attempts"])
    return Part(sums["errors"], sums["attempts"], since)


def error_codes(since: datetime) -> tuple[tuple[str, int], ...]:
    """The three commonest errors of attempts since that hour, with their numbers."""
    tallies = Tally.objects.filter(
        grain=Grain.HOUR, starts_at__gte=since, subject=Subject.ERROR
    ).values_list("value")
    return tuple(tallies.annotate(found=Sum("number")).order_by("-found", "value")[:3])


def cut_answers(now: datetime, *, enough: int) -> Part:
    """Answers of the last hour that `max_tokens` ended."""
    rows = (
        Tally.objects.filter(
            grain=Grain.HOUR, starts_at__gte=_hour_before(now), subject=Subject.STOP_REASON
        )
        .values("starts_at", "value")
        .annotate(answers=Sum("number"))
    )
    hours: dict[datetime, Counter[str]] = defaultdict(Counter)
    for row in rows:
        hours[row["starts_at"]]["answers"] += row["answers"]
        hours[row["starts_at"]][f"ended by {row['value']}"] += row["answers"]
    sums, since = _newest(hours, now, enough=enough, size=lambda hour: hour["answers"])
    return Part(sums["ended by max_tokens"], sums["answers"], since)


def cache_use(now: datetime, *, enough: int) -> Mapping[str, CacheUse]:
    """By model, where any was asked in the last hour."""
    found = {}
    for model, hours in _by_hour(_attempts(now, "model"), "model").items():
        sums, since = _newest(hours, now, enough=enough, size=lambda hour: hour["usable"])
        found[model] = CacheUse(Part(sums["read"], sums["cacheable"], since), sums["usable"])
    return found


def latencies(now: datetime, *, enough: int) -> Mapping[str, Latency]:
    """By feature, where any attempt of the last hour has ended."""
    cells = LatencyCell.objects.filter(
        grain=Grain.HOUR,
        starts_at__gte=_hour_before(now),
        measure=Measure.LATENCY,
        team_id=ALL_TEAMS,
    )
    found: dict[str, dict[datetime, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    for starts_at, feature, buckets, counts in cells.values_list(
        "starts_at", "feature", "buckets", "counts"
    ):
        for bucket, count in zip(buckets, counts, strict=True):
            found[feature][starts_at][bucket] += count
    newest = {
        feature: _newest(hours, now, enough=enough, size=Counter[int].total)
        for feature, hours in found.items()
    }
    return {
        feature: Latency(histogram.total(), percentile(histogram, 0.95) or 0, since)
        for feature, (histogram, since) in newest.items()
    }


def costs(now: datetime) -> Costs:
    today = now.astimezone(UTC).date()
    days = _cost_by_day(today - timedelta(days=7), today)
    before = sum(cost for day, cost in days.items() if day < today)
    return Costs(days.get(today, 0), before // 7)


def forecast(now: datetime) -> Forecast | None:
    """None on the first day of a month, which is too short to tell from."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    first = midnight.replace(day=1)
    if midnight == first:
        return None
    whole = (first + timedelta(days=32)).replace(day=1) - first
    so_far = sum(_cost_by_day(first.date(), midnight.date()).values())
    return Forecast(so_far, round(so_far * (whole / (now - first))))


def month_budget() -> int | None:
    """Nano-dollars that the installation may cost in a month: its hard limit, else its soft one."""
    row = Budget.objects.filter(scope=Scope.INSTALLATION, period=Period.MONTH).first()
    if row is None:
        return None
    return row.soft_nanousd if row.hard_nanousd is None else row.hard_nanousd


def unknown_costs(*, before: datetime) -> int:
    """How many attempts opened before then have a cost that nobody knows; counted to 1,000."""
    rows = Attempt.objects.filter(
        certainty__in=UNSURE, certainty=Certainty.UNKNOWN, opened_at__lt=before
    )
    return rows.order_by("opened_at").values("pk")[:COUNTED_AT_MOST].count()


def oldest_due(now: datetime) -> datetime | None:
    """Since when the oldest due triage has waited; None where none waits."""
    due = Triage.objects.filter(state__in=DUE, due_at__lte=now)
    found: datetime | None = due.aggregate(Min("due_at"))["due_at__min"]
    return found


def judged(now: datetime) -> Judged:
    """Of the last seven UTC days, and of the 28 before them, by the day a run ended."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    lately = midnight - timedelta(days=6)
    cells = TriageCell.objects.filter(grain=Grain.DAY, starts_at__lt=midnight + timedelta(days=1))
    before = cells.filter(starts_at__gte=lately - timedelta(days=28), starts_at__lt=lately)
    return Judged(*_wrong_of(cells.filter(starts_at__gte=lately)), *_wrong_of(before))


def cached_prefix(model: str, now: datetime) -> Part:
    """Of the first stage's answered requests to `model` in seven UTC days: tokens cached on the mean, and how many were asked.

    `part` is 0 where none of them read or wrote the prompt cache.
    """
    since = datetime.combine(now.astimezone(UTC).date(), time.min, UTC) - timedelta(days=6)
    cells = AttemptCell.objects.filter(
        grain=Grain.DAY, starts_at__gte=since, model=model, feature=Feature.CLASSIFY
    )
    written = F("cache_write_5m_tokens") + F("cache_write_1h_tokens")
    sums = cells.aggregate(
        tokens=Sum(F("cache_read_tokens") + written, default=0),
        cached=Sum(F("cache_hits") + F("cache_writes"), default=0),
        answered=Sum(F("attempts") - F("errors"), default=0),
    )
    mean = sums["tokens"] // sums["cached"] if sums["cached"] else 0
    return Part(mean, sums["answered"], since)


def _wrong_of(cells: QuerySet[TriageCell]) -> tuple[int, int]:
    """How many were wrong, and how many judged."""
    sums = cells.aggregate(judged=Sum("judged", default=0), right=Sum("right", default=0))
    return sums["judged"] - sums["right"], sums["judged"]


def _attempts(now: datetime, *keys: str) -> Iterable[dict[str, Any]]:
    """Sums of the last two hours' attempts, by hour and `keys`. What failed had no tokens to cache."""
    cells = AttemptCell.objects.filter(grain=Grain.HOUR, starts_at__gte=_hour_before(now))
    written = F("cache_write_5m_tokens") + F("cache_write_1h_tokens")
    rows: Iterable[dict[str, Any]] = cells.values("starts_at", *keys).annotate(
        sum_attempts=Sum("attempts"),
        sum_errors=Sum("errors"),
        sum_usable=Sum(F("attempts") - F("errors")),
        sum_read=Sum("cache_read_tokens"),
        sum_cacheable=Sum(F("cache_read_tokens") + written + F("uncacheable_tokens")),
    )
    return rows


def _by_hour(
    rows: Iterable[dict[str, Any]], key: str = ""
) -> Mapping[str, Mapping[datetime, Counter[str]]]:
    found: dict[str, dict[datetime, Counter[str]]] = defaultdict(dict)
    for row in rows:
        sums = {
            name.removeprefix("sum_"): value
            for name, value in row.items()
            if name.startswith("sum_")
        }
        found[row[key] if key else ""][row["starts_at"]] = Counter(sums)
    return found


def _newest(
    hours: Mapping[datetime, Counter[K]],
    now: datetime,
    *,
    enough: int,
    size: Callable[[Counter[K]], int],
) -> tuple[Counter[K], datetime]:
    """The sums of the hour that runs, if its size is `enough`; else of it and the one before. And since when they count."""
    current = _hour_of(now)
    running = hours.get(current)
    if running and size(running) >= enough:
        return running, current
    return sum(hours.values(), Counter[K]()), _hour_before(now)


def _cost_by_day(first: date, last: date) -> Mapping[date, int]:
    """Nano-dollars by UTC day, both counted; days without any are left out."""
    cells = AttemptCell.objects.filter(
        grain=Grain.DAY,
        starts_at__gte=datetime.combine(first, time.min, UTC),
        starts_at__lte=datetime.combine(last, time.min, UTC),
    )
    costs = cells.values_list("starts_at").annotate(Sum("cost_nanousd"))
    return {starts_at.date(): cost for starts_at, cost in costs}


def _hour_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hour_before(now: datetime) -> datetime:
    return _hour_of(now) - timedelta(hours=1)
