"""The headline figures of costs: what a range cost, per ticket and per draft, and what of it is not sure."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Sum

from triage.models import CallCell, Certainty, Feature, Subject, Tally, TicketCell, TriageCell
from triage.selectors.alert_figures import costs, forecast, month_budget
from triage.selectors.reports.costs_cells import (
    SORTING,
    Sums,
    cells,
    sent_drafts,
    spent,
    total,
)
from triage.selectors.tables import Asked, Filter

UNSURE = (Certainty.UNKNOWN, Certainty.LOWER_BOUND, Certainty.OPEN)
BY_TEAM = frozenset({Filter.TEAM})
BY_FEATURE_AND_MODEL = frozenset({Filter.FEATURE, Filter.MODEL})


@dataclass(frozen=True, slots=True)
class Unsure:
    """Attempts whose cost is not known exactly. Their sum is an upper bound, or a lower one for `lower_bound`."""

    certainty: Certainty
    attempts: int
    cost_nanousd: int


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls that were made. `reused` got a stored or shared reply, which is what `saved_nanousd` had cost."""

    made: int
    failed: int
    reused: int
    saved_nanousd: int


@dataclass(frozen=True, slots=True)
class Headline:
    """What is asked, as a whole. Nano-dollars.

    `sorting_nanousd` is what triage cost: first model, strong model, and catching up; `draft_nanousd` what drafts cost.
    `triaged` are runs that no person asked for again, so each ticket counts once; `solved` are tickets that still are.
    `unsure` is not kept by team: None where one is asked for.
    """

    asked: Asked
    spent: Sums
    sorting_nanousd: int
    draft_nanousd: int
    calls: Calls
    triaged: int
    solved: int
    sent_drafts: int
    unsure: tuple[Unsure, ...] | None

    @property
    def is_empty(self) -> bool:
        return not self.calls.made and not self.spent.attempts

    @property
    def unsure_nanousd(self) -> int:
        return sum(kind.cost_nanousd for kind in self.unsure or ())


@dataclass(frozen=True, slots=True)
class Month:
    """The UTC month so far, in nano-dollars. On its first day nothing is expected; without a budget its limit is None."""

    now: datetime
    so_far_nanousd: int
    expected_nanousd: int | None
    budget_nanousd: int | None

    @property
    def days_so_far(self) -> float:
        start = datetime.combine(self.now.date().replace(day=1), time.min, UTC)
        return (self.now - start) / timedelta(days=1)

    @property
    def last_day(self) -> date:
        return self.now.date().replace(day=monthrange(self.now.year, self.now.month)[1])


def month(now: datetime) -> Month:
    """Everything, whatever else is asked. Two queries."""
    now = now.astimezone(UTC)
    budget = month_budget()
    if expected := forecast(now):
        return Month(now, expected.so_far_nanousd, expected.expected_nanousd, budget)
    return Month(now, costs(now).today_nanousd, None, budget)


def headline(asked: Asked) -> Headline:
    """Six queries, five where a team is asked for."""
    features = spent(asked, "feature")
    return Headline(
        asked=asked,
        spent=total(features),
        sorting_nanousd=sum(_cost(features, feature) for feature in SORTING),
        draft_nanousd=_cost(features, Feature.DRAFT),
        calls=_calls(asked),
        triaged=_sum(TriageCell, asked, "first_runs"),
        solved=_sum(TicketCell, asked, "solved"),
        sent_drafts=sent_drafts(asked),
        unsure=tuple(_unsure(asked)) if asked.team_id is None else None,
    )


def _cost(features: dict[tuple[str, ...], Sums], feature: Feature) -> int:
    return features.get((feature.value,), Sums()).cost_nanousd


def _calls(asked: Asked) -> Calls:
    sums = cells(CallCell, asked).aggregate(
        **{
            f"sum_{name}": Sum(name, default=0)
            for name in ("calls", "failed", "stored", "joined", "saved_nanousd")
        }
    )
    made, failed, stored, joined, saved = map(int, sums.values())
    return Calls(made, failed, stored + joined, saved)


def _sum(kind: type[TriageCell] | type[TicketCell], asked: Asked, name: str) -> int:
    return int(cells(kind, asked, heeding=BY_TEAM).aggregate(found=Sum(name, default=0))["found"])


def _unsure(asked: Asked) -> Iterable[Unsure]:
    """Those there are, in the order of UNSURE."""
    tallies = cells(Tally, asked, heeding=BY_FEATURE_AND_MODEL).filter(
        subject=Subject.CERTAINTY, value__in=UNSURE
    )
    groups = {
        value: (int(number), int(cost))
        for value, number, cost in tallies.values_list("value").annotate(
            Sum("number"), Sum("cost_nanousd")
        )
    }
    for certainty in UNSURE:
        if certainty in groups:
            yield Unsure(certainty, *groups[certainty])
