"""What Claude cost in a range of UTC days: by feature and model, by day, and what is not sure about it.

Cost is the sum of `Attempt.cost_nanousd` by the UTC day the attempt was opened; one that is open or
unknown counts with its upper bound. Calls count by the day they were made. Everything is whole
nano-dollars. Four queries, whatever the range; each reads the rows of the range.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Aggregate, Count, IntegerField, Q, Sum
from django.db.models.functions import TruncDate

from triage.models import Attempt, Call, Certainty, Feature, Obtained, State, Triage
from triage.models.ledger import CallState
from triage.types import Usage

SORTING = (Feature.CLASSIFY, Feature.ESCALATE, Feature.BACKFILL)  # what a triaged ticket's cost is
UNSURE = (Certainty.UNKNOWN, Certainty.LOWER_BOUND, Certainty.OPEN)
TOKEN_FIELDS = (
    "uncached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
)


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


@dataclass(frozen=True, slots=True)
class ModelSpend:
    """One feature on one model. `calls` had an attempt on it, so a call that changed models counts with each.

    `p50_ms` and `p95_ms` are an attempt's latency, from sending to the end of the answer; None before one has ended.
    """

    feature: Feature
    model: str
    calls: int
    attempts: int
    errors: int
    p50_ms: int | None
    p95_ms: int | None
    usage: Usage
    cost_nanousd: int


@dataclass(frozen=True, slots=True)
class DaySpend:
    """One UTC day: nano-dollars by feature; a feature that cost nothing is left out."""

    day: date
    cost_nanousd: Mapping[Feature, int]


@dataclass(frozen=True, slots=True)
class Unsure:
    """Attempts whose cost is not known exactly. Their sum is an upper bound, or a lower one for `lower_bound`."""

    certainty: Certainty
    attempts: int
    cost_nanousd: int


@dataclass(frozen=True, slots=True)
class Reused:
    """Replies that cost nothing because an equal one was stored, or shared while under way; `saved_nanousd` is what the
    paid ones had cost."""

    stored: int
    joined: int
    saved_nanousd: int


@dataclass(frozen=True, slots=True)
class SpendReport:
    """The range as a whole. `triaged_tickets` had a triage that ended in it, each counted once."""

    period: Period
    feature: Feature | None
    rows: tuple[ModelSpend, ...]
    days: tuple[DaySpend, ...]
    calls: int
    unanswered_calls: int
    reused: Reused
    unsure: tuple[Unsure, ...]
    triaged_tickets: int

    @property
    def cost_nanousd(self) -> int:
        return sum(row.cost_nanousd for row in self.rows)

    @property
    def sorting_nanousd(self) -> int:
        """The part that triage cost: first model, strong model, and catching up."""
        return sum(row.cost_nanousd for row in self.rows if row.feature in SORTING)

    @property
    def attempts(self) -> int:
        return sum(row.attempts for row in self.rows)

    @property
    def errors(self) -> int:
        return sum(row.errors for row in self.rows)

    @property
    def usage(self) -> Usage:
        return Usage(*(sum(getattr(row.usage, name) for row in self.rows) for name in TOKEN_FIELDS))

    @property
    def is_empty(self) -> bool:
        return not self.calls and not self.rows


class Percentile(Aggregate):
    """A value that `fraction` of the rows do not exceed; rows without a value do not count."""

    function = "percentile_disc"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: str, *, fraction: float) -> None:
        super().__init__(expression, output_field=IntegerField(), fraction=fraction)


def this_month(today: date) -> Period:
    """From the first of the month to `today`."""
    return Period(today.replace(day=1), today)


def report(period: Period, *, feature: Feature | None = None) -> SpendReport:
    """What was spent in `period`, for one feature or for all."""
    asked = Q(opened_at__gte=period.starts_at, opened_at__lt=period.ends_before)
    made = Q(created_at__gte=period.starts_at, created_at__lt=period.ends_before)
    if feature:
        asked, made = asked & Q(call__feature=feature), made & Q(feature=feature)
    rows, unsure = _by_model(asked)
    calls = _calls(made)
    return SpendReport(
        period=period,
        feature=feature,
        rows=rows,
        days=_by_day(asked, period),
        calls=calls["calls"],
        unanswered_calls=calls["unanswered"],
        reused=Reused(calls["stored"], calls["joined"], calls["saved"]),
        unsure=unsure,
        triaged_tickets=_triaged_tickets(period),
    )


def _by_model(asked: Q) -> tuple[tuple[ModelSpend, ...], tuple[Unsure, ...]]:
    """The rows in the features' and models' order, and what all of them together leave unsure."""
    groups = (
        Attempt.objects.filter(asked)
        .values("call__feature", "model")
        .annotate(
            calls=Count("call_id", distinct=True),
            attempts=Count("id"),
            errors=Count("id", filter=~Q(error="")),
            p50_ms=Percentile("latency_ms", fraction=0.5),
            p95_ms=Percentile("latency_ms", fraction=0.95),
            cost=Sum("cost_nanousd"),
            **{f"sum_{name}": Sum(name) for name in TOKEN_FIELDS},
            **{f"n_{kind}": Count("id", filter=Q(certainty=kind)) for kind in UNSURE},
            **{
                f"cost_{kind}": Sum("cost_nanousd", filter=Q(certainty=kind), default=0)
                for kind in UNSURE
            },
        )
    )
    found: list[Mapping[str, Any]] = list(groups)
    order = {feature.value: place for place, feature in enumerate(Feature)}
    found.sort(key=lambda group: (order[group["call__feature"]], group["model"]))
    return tuple(_model_spend(group) for group in found), tuple(_unsure(found))


def _model_spend(group: Mapping[str, Any]) -> ModelSpend:
    return ModelSpend(
        feature=Feature(group["call__feature"]),
        model=group["model"],
        calls=group["calls"],
        attempts=group["attempts"],
        errors=group["errors"],
        p50_ms=group["p50_ms"],
        p95_ms=group["p95_ms"],
        usage=Usage(*(group[f"sum_{name}"] for name in TOKEN_FIELDS)),
        cost_nanousd=group["cost"],
    )


def _unsure(groups: list[Mapping[str, Any]]) -> Iterable[Unsure]:
    for kind in UNSURE:
        attempts = sum(group[f"n_{kind}"] for group in groups)
        if attempts:
            yield Unsure(kind, attempts, sum(group[f"cost_{kind}"] for group in groups))


def _by_day(asked: Q, period: Period) -> tuple[DaySpend, ...]:
    """Every day of the range, those without any cost too."""
    sums = (
        Attempt.objects.filter(asked)
        .annotate(day=TruncDate("opened_at", tzinfo=UTC))
        .values_list("day", "call__feature")
        .annotate(cost=Sum("cost_nanousd"))
    )
    costs: dict[date, dict[Feature, int]] = defaultdict(dict)
    for day, feature, cost in sums:
        if cost:
            costs[day][Feature(feature)] = cost
    return tuple(DaySpend(day, costs.get(day, {})) for day in period.days)


def _calls(made: Q) -> dict[str, int]:
    return Call.objects.filter(made).aggregate(
        calls=Count("id"),
        unanswered=Count("id", filter=Q(state=CallState.FAILED)),
        stored=Count("id", filter=Q(obtained=Obtained.STORED)),
        joined=Count("id", filter=Q(obtained=Obtained.JOINED)),
        saved=Sum("saved_nanousd", default=0),
    )


def _triaged_tickets(period: Period) -> int:
    done = Triage.objects.filter(
        state=State.DONE, finished_at__gte=period.starts_at, finished_at__lt=period.ends_before
    )
    return done.values("ticket_id").distinct().count()
