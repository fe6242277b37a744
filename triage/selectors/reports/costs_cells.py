"""Sums over the cells of the ledger, as the tables and tiles of costs need them. Each function is one query on day cells.

Money is whole nano-dollars. Attempts that are open or unknown count with their upper bound.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import F, QuerySet, Sum

from triage.models import (
    AttemptCell,
    CallCell,
    Decision,
    DraftCell,
    Feature,
    Grain,
    LatencyCell,
    Measure,
    Stage,
    TriageCell,
)
from triage.models.rollups import ALL_TEAMS, Cell
from triage.selectors.periods import Period
from triage.selectors.tables import Asked, Filter
from triage.types import TOKEN_FIELDS, Usage

SORTING = (Feature.CLASSIFY, Feature.ESCALATE, Feature.BACKFILL)  # what a triaged ticket's cost is
FIRST_STAGE = (Feature.CLASSIFY, Feature.BACKFILL)  # runs do not say which of the two asked
EVERY_FILTER = frozenset(Filter)

C = TypeVar("C", bound=Cell)
Group = tuple[Any, ...]
Histogram = dict[int, int]


@dataclass(frozen=True, slots=True)
class Sums:
    """What a group of attempts adds up to. A call that changed models counts in `calls` with each of them.

    `uncached_nanousd` is what it had cost without the prompt cache, `batch_nanousd` the part of the cost that batches made.
    """

    usage: Usage = field(default_factory=Usage)
    calls: int = 0
    attempts: int = 0
    errors: int = 0
    uncached_nanousd: int = 0
    batch_attempts: int = 0
    batch_nanousd: int = 0
    cost_nanousd: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        numbers = (getattr(self, name) + getattr(other, name) for name in NUMBERS)
        return Sums(_together(self.usage, other.usage), *numbers)


NUMBERS = Sums.__slots__[1:]


@dataclass(frozen=True, slots=True)
class DaySpend:
    """One UTC day: nano-dollars by feature; a feature that cost nothing is left out."""

    day: date
    cost_nanousd: Mapping[Feature, int]


def cells(kind: type[C], asked: Asked, *, heeding: frozenset[Filter] = EVERY_FILTER) -> QuerySet[C]:
    """The day cells of what is asked; of its filters those that are named."""
    found = within(kind, asked.period)
    if Filter.FEATURE in heeding and asked.feature:
        found = found.filter(feature=asked.feature)
    if Filter.MODEL in heeding and asked.model:
        found = found.filter(model=asked.model)
    if Filter.TEAM in heeding and asked.team_id is not None:
        found = found.filter(team_id=asked.team_id)
    return found


def within(kind: type[C], period: Period) -> QuerySet[C]:
    return QuerySet(kind).filter(
        grain=Grain.DAY, starts_at__gte=period.starts_at, starts_at__lt=period.ends_before
    )


def spent(
    asked: Asked, *names: str, heeding: frozenset[Filter] = EVERY_FILTER
) -> dict[Group, Sums]:
    """The attempts in groups by the columns `names`."""
    rows = (
        cells(AttemptCell, asked, heeding=heeding)
        .values_list(*names)
        .annotate(**{f"sum_{name}": Sum(name) for name in (*NUMBERS, *TOKEN_FIELDS)})
    )
    return {row[: len(names)]: _sums(row[len(names) :]) for row in rows}


def total(groups: Mapping[Group, Sums]) -> Sums:
    return sum(groups.values(), Sums())


def daily(asked: Asked) -> tuple[DaySpend, ...]:
    """Every day of the range, those without any cost too."""
    sums = (
        cells(AttemptCell, asked)
        .values_list("starts_at", "feature")
        .annotate(cost=Sum("cost_nanousd"))
    )
    costs: dict[date, dict[Feature, int]] = defaultdict(dict)
    for starts_at, feature, cost in sums:
        if cost:
            costs[starts_at.astimezone(UTC).date()][Feature(feature)] = int(cost)
    return tuple(DaySpend(day, costs.get(day, {})) for day in asked.period.days)


def histograms(asked: Asked) -> Mapping[tuple[str, str, str], Histogram]:
    """How long attempts took, by feature, model and measure. Heeds the team alone.

    Added up here: the few hundred cells are found in no time, and the database takes two to three times as long to group what
    is in them by three texts.
    """
    team_id = ALL_TEAMS if asked.team_id is None else asked.team_id
    days = within(LatencyCell, asked.period).filter(team_id=team_id)
    found: dict[tuple[str, str, str], Histogram] = defaultdict(dict)
    rows = days.values_list("feature", "model", "measure", "buckets", "counts")
    for feature, model, measure, buckets, counts in rows.iterator():
        histogram = found[feature, model, Measure(measure)]
        for bucket, number in zip(buckets, counts, strict=True):
            histogram[bucket] = histogram.get(bucket, 0) + number
    return found


def useful_results(asked: Asked) -> dict[Feature, int]:
    """How many results of each feature were of use; of the team that is asked, on whichever model.

    A decision is, where it was applied or suggested and nobody found it wrong; those of the first model are the results of
    `classify` and `backfill` together. So is a draft that was sent, and every answer of an evaluation. Three queries.
    """
    by_stage = _decided(asked)
    return {
        Feature.CLASSIFY: by_stage.get(Stage.FIRST, 0),
        Feature.ESCALATE: by_stage.get(Stage.STRONG, 0),
        Feature.DRAFT: sent_drafts(asked),
        Feature.EVALUATE: _answered(asked, Feature.EVALUATE),
        Feature.BACKFILL: by_stage.get(Stage.FIRST, 0),
    }


def sent_drafts(asked: Asked) -> int:
    sent = Sum(F("sent_unchanged") + F("sent_edited"), default=0)
    return int(
        cells(DraftCell, asked, heeding=frozenset({Filter.TEAM})).aggregate(sent=sent)["sent"]
    )


def each(nanousd: int, number: int) -> int | None:
    """Nano-dollars per one of `number`, half-even; None where there is none."""
    return round(Decimal(nanousd) / number) if number else None


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def change(now: int, before: int) -> float | None:
    """By which share of `before` it has become more, or less; None where there was nothing before."""
    return (now - before) / before if before else None


def _sums(row: Group) -> Sums:
    """PostgreSQL adds bigints up to numerics."""
    numbers = [int(number) for number in row]
    return Sums(Usage(*numbers[len(NUMBERS) :]), *numbers[: len(NUMBERS)])


def _together(one: Usage, other: Usage) -> Usage:
    return Usage(*(getattr(one, name) + getattr(other, name) for name in TOKEN_FIELDS))


def _decided(asked: Asked) -> dict[str, int]:
    decided = cells(TriageCell, asked, heeding=frozenset({Filter.TEAM})).filter(
        decision__in=[Decision.APPLIED, Decision.SUGGESTED]
    )
    useful = Sum(F("runs") - F("judged") + F("right"))
    groups = decided.values_list("stage").annotate(useful=useful)
    return {stage: int(number) for stage, number in groups}


def _answered(asked: Asked, feature: Feature) -> int:
    answered = cells(CallCell, asked, heeding=frozenset({Filter.TEAM})).filter(feature=feature)
    return int(answered.aggregate(number=Sum("answered", default=0))["number"])
