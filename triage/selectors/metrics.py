"""What monitoring wants to know of the database, as gauges: a dozen queries, whatever there is.

None is a total of all time. What calls and attempts add up to is the UTC day's sum, as of the last roll-up (half a minute ago, or
look at `triage_rolled_up_seconds`), and named `…_today`. It falls to zero at midnight, which `rate()` and `increase()` take for
a restart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from triage.models import (
    Alert,
    AlertKind,
    Attempt,
    AttemptCell,
    Budget,
    CallCell,
    Certainty,
    Delivery,
    DeliveryState,
    Draft,
    DraftState,
    Feature,
    Grain,
    State,
    Subject,
    Tally,
    Triage,
)
from triage.models.ledger import CallState
from triage.models.rollups import Cell
from triage.selectors import budgets
from triage.selectors.rollups import refreshed_at
from triage.types import TOKEN_FIELDS, usd

WAITING = (State.QUEUED, State.RUNNING, State.BATCHED, State.SKIPPED)
DUE = (State.QUEUED, State.RUNNING, State.SKIPPED)  # what waits for a batch is not late
TODAY = "since 00:00 UTC, by when it was begun; falls to 0 at midnight."

Values = tuple[str, ...]
Samples = Mapping[Any, float]  # by the values of the labels, each a tuple of texts


@dataclass(frozen=True, slots=True)
class Gauge:
    """One family: a value for each combination of its labels. `about` names the unit where the name does not."""

    name: str
    about: str
    labels: Values
    samples: Samples


def gauges() -> Iterator[Gauge]:
    """All families. Money is in dollars, open and unknown attempts count with their upper bound."""
    now = timezone.now()
    midnight = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    yield _calls(midnight)
    yield from _attempts(midnight)
    yield from _holds()
    yield from _budgets(midnight)
    yield from _waiting(now)
    yield _drafts(midnight)
    yield _deliveries()
    yield _alerts()
    yield _rolled_up(now)


def _calls(midnight: datetime) -> Gauge:
    none = {(feature.value, state.value): 0 for feature in Feature for state in CallState}
    sums = (
        _today(CallCell, midnight).values("feature").annotate(**_sums(s.value for s in CallState))
    )
    found = {
        (row["feature"], state.value): row[f"sum_{state.value}"]
        for row in sums
        for state in CallState
    }
    return Gauge("triage_calls_today", f"Calls {TODAY}", ("feature", "state"), none | found)


def _attempts(midnight: datetime) -> Iterator[Gauge]:
    yield Gauge(
        "triage_attempts_today",
        f"Requests to Claude, by how sure their cost is, {TODAY}",
        ("model", "certainty"),
        _tally(Subject.CERTAINTY, midnight),
    )
    yield Gauge(
        "triage_errors_today",
        f"Requests to Claude that failed, by the error's code, {TODAY}",
        ("model", "code"),
        _tally(Subject.ERROR, midnight),
    )
    groups: list[Any] = list(
        _today(AttemptCell, midnight)
        .values("feature", "model")
        .annotate(**_sums((*TOKEN_FIELDS, "cost_nanousd")))
    )
    yield Gauge(
        "triage_tokens_today",
        f"Tokens by the classes that are priced apart, {TODAY}",
        ("model", "class"),
        _added(
            ((group["model"], name.removesuffix("_tokens")), group[f"sum_{name}"])
            for group in groups
            for name in TOKEN_FIELDS
        ),
    )
    costs = {(group["feature"], group["model"]): group["sum_cost_nanousd"] for group in groups}
    yield Gauge(
        "triage_cost_usd_today",
        f"Cost, open and unknown requests with their upper bound, {TODAY}",
        ("feature", "model"),
        _in_dollars(costs),
    )


def _today(model: type[Cell], midnight: datetime) -> QuerySet[Any]:
    return QuerySet(model).filter(grain=Grain.DAY, starts_at=midnight)


def _sums(names: Iterable[str]) -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in names}


def _tally(subject: Subject, midnight: datetime) -> Mapping[Values, int]:
    """The day's numbers by model and value."""
    rows = _today(Tally, midnight).filter(subject=subject).values_list("model", "value")
    return {(model, value): number for model, value, number in rows.annotate(Sum("number"))}


def _holds() -> Iterator[Gauge]:
    open_now = Attempt.objects.filter(certainty=Certainty.OPEN).values_list("model")
    rows = list(open_now.annotate(Count("id"), Sum("bound_nanousd")))
    counts = {(model,): count for model, count, _ in rows}
    bounds = {(model,): bound for model, _, bound in rows}
    yield Gauge("triage_holds", "Requests under way, whose money is held.", ("model",), counts)
    yield Gauge(
        "triage_holds_usd", "What they hold: their upper bounds.", ("model",), _in_dollars(bounds)
    )


def _budgets(midnight: datetime) -> Iterator[Gauge]:
    """Limits, and what the current UTC day or month has used; a user's budget is named by the user's id."""
    rows = list(budgets.with_spend(Budget.objects.all(), today=midnight.date()))
    limits: dict[Any, int] = {}
    used: dict[Any, int] = {}
    for row in rows:
        owner = (row.scope, row.key, row.period)
        levels = {"soft": row.soft_nanousd, "hard": row.hard_nanousd}
        limits |= {(*owner, name): limit for name, limit in levels.items() if limit is not None}
        spent, held = vars(row)["spent_nanousd"], vars(row)["held_nanousd"]
        used |= {(*owner, "spent"): spent, (*owner, "held"): held}
    owner_labels = ("scope", "key", "period")
    yield Gauge(
        "triage_budget_limit_usd",
        "Limits of the budgets that are set.",
        (*owner_labels, "level"),
        _in_dollars(limits),
    )
    yield Gauge(
        "triage_budget_used_usd",
        "Of each budget in its current UTC day or month: what is spent, and what requests under way hold.",
        (*owner_labels, "kind"),
        _in_dollars(used),
    )


def _waiting(now: datetime) -> Iterator[Gauge]:
    """The work that is not done, through the index on it."""
    unfinished = Triage.objects.filter(state__in=WAITING).values_list("state")
    due = Min("due_at", filter=Q(due_at__lte=now))
    rows = list(unfinished.annotate(Count("id"), due=due))
    none = {(state.value,): 0 for state in WAITING}
    found = {(state,): count for state, count, _ in rows}
    yield Gauge("triage_waiting", "Tickets whose triage is not done.", ("state",), none | found)
    oldest = min((due for state, _, due in rows if due and state in DUE), default=now)
    age = (now - oldest) / timedelta(seconds=1)
    yield Gauge(
        "triage_queue_age_seconds", "How long the oldest due triage has waited.", (), {(): age}
    )


def _drafts(midnight: datetime) -> Gauge:
    """How the day's streams ended, and what people made of the drafts."""
    begun = Draft.objects.filter(created_at__gte=midnight).values_list("state")
    found = {(state,): count for state, count in begun.annotate(Count("id"))}
    none = {(state.value,): 0 for state in DraftState}
    return Gauge("triage_drafts_today", f"Drafts {TODAY}", ("state",), none | found)


def _deliveries() -> Gauge:
    count = Delivery.objects.filter(state=DeliveryState.PENDING).count()
    about = "Events that a webhook is still to be told."
    return Gauge("triage_deliveries_pending", about, (), {(): count})


def _alerts() -> Gauge:
    unresolved = Alert.objects.filter(resolved_at=None).order_by().values_list("kind")
    found = {(kind,): count for kind, count in unresolved.annotate(Count("id"))}
    none = {(kind.value,): 0 for kind in AlertKind}
    return Gauge("triage_alerts_open", "Alerts that are not resolved.", ("kind",), none | found)


def _rolled_up(now: datetime) -> Gauge:
    """Nothing before the first time."""
    at = refreshed_at()
    about = "How long ago calls and attempts were added up for the last time."
    samples = {(): (now - at) / timedelta(seconds=1)} if at else {}
    return Gauge("triage_rolled_up_seconds", about, (), samples)


def _added(parts: Iterable[tuple[Values, int]]) -> Mapping[Values, int]:
    sums = Counter[Values]()
    for values, part in parts:
        sums[values] += part
    return sums


def _in_dollars(nanousd: Mapping[Any, int]) -> Samples:
    return {values: float(usd(amount)) for values, amount in nanousd.items()}
