"""How things stand now, whatever days are asked for: limits of the models, requests of unsure cost, and what waits.

Each read is through an index and bounded: beyond its bound a table says that there is more.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet, Sum
from django.utils import timezone

from triage.models import (
    Attempt,
    AttemptCell,
    Certainty,
    Draft,
    DraftState,
    Grain,
    State,
    Subject,
    Tally,
    Triage,
    rollups,
)
from triage.models.drafts import UNDERWAY
from triage.selectors.reports.tallies import share
from triage.selectors.tables import About, Asked, Column, Filter, Kind, Report, Table

HOUR = timedelta(hours=1)
HOURS = 24
NEWEST_ATTEMPTS = 500
HEADERS_COUNT = timedelta(days=1)
WAITING_AT_MOST = 10_000
LIMITS = ("requests", "input-tokens", "output-tokens")
UNSURE = {
    Certainty.UNKNOWN: "Nobody knows; counts with its upper bound",
    Certainty.LOWER_BOUND: "At least what was seen of it",
}
WAITING = {
    State.QUEUED: "Waits for a worker",
    State.RUNNING: "Is being triaged",
    State.BATCHED: "Waits for a batch's results",
    State.SKIPPED: "Skipped; will be caught up",
}
NOT_LATE = (State.BATCHED,)  # what waits for a batch has its time


def hours(asked: Asked) -> Table:
    """The last 24 hours, the one under way among them, oldest first; in one query."""
    last = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    starts = [last - HOUR * back for back in reversed(range(HOURS))]
    cells = AttemptCell.objects.filter(grain=Grain.HOUR, starts_at__gte=starts[0])
    if asked.feature:
        cells = cells.filter(feature=asked.feature)
    if asked.model:
        cells = cells.filter(model=asked.model)
    rows = cells.values_list("starts_at").annotate(Sum("attempts"), Sum("errors"))
    found = {start: (attempts, failed) for start, attempts, failed in rows}
    return Table(
        columns=(
            Column("hour", "Hour begins (UTC)", Kind.MOMENT),
            Column("attempts", "Requests", Kind.COUNT),
            Column("failed", "Failed", Kind.COUNT),
            Column("share", "Share", Kind.SHARE, "Failed, of the hour's requests."),
        ),
        rows=tuple(
            (start, attempts, failed, share(failed, attempts))
            for start in starts
            for attempts, failed in [found.get(start, (0, 0))]
        ),
        note="Requests to Claude by the hour in which they left. Answers that were refused or cut arrived, so they are not "
        "among the failed ones here.",
    )


def models(asked: Asked) -> Table:
    """What the newest answers said is left of the provider's limits, by model, from the newest attempts."""
    told = _told_limits(asked.model)
    return Table(
        columns=(
            Column("model", "Model", Kind.MODEL),
            Column("limit", "Limit per minute of"),
            Column("left", "Left", Kind.COUNT),
            Column("of", "Of", Kind.COUNT),
            Column("share", "Share left", Kind.SHARE),
            Column("resets_at", "Full again (UTC)", Kind.MOMENT),
            Column("told_at", "Told (UTC)", Kind.MOMENT, "When the request left that was told so."),
        ),
        rows=tuple(
            row
            for model, (told_at, headers) in sorted(told.items())
            for row in _limit_rows(model, told_at, headers)
        ),
        note="The provider says with each answer what is left of its limits; this is from each model's newest answer among the "
        f"last {NEWEST_ATTEMPTS} requests of a day. No more requests are sent than they allow.",
        empty="No answer of the last day said anything about limits.",
    )


def _told_limits(model: str | None) -> dict[str, tuple[datetime, Mapping[str, str]]]:
    newest = Attempt.objects.filter(opened_at__gte=timezone.now() - HEADERS_COUNT)
    rows = newest.order_by("-opened_at").values_list("model", "opened_at", "rate_limits")
    told: dict[str, tuple[datetime, Mapping[str, str]]] = {}
    for name, opened_at, headers in rows[:NEWEST_ATTEMPTS]:
        if headers and model in (None, name):
            told.setdefault(name, (opened_at, headers))
    return told


def _limit_rows(
    model: str, told_at: datetime, headers: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    for limit in LIMITS:
        left, of = _number(headers, f"{limit}-remaining"), _number(headers, f"{limit}-limit")
        if left is not None and of is not None:
            resets_at = _moment(headers.get(f"{limit}-reset", ""))
            yield model, limit.replace("-", " "), left, of, share(left, of), resets_at, told_at


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _moment(text: str) -> datetime | None:
    """A time of the provider's; None where it is none, or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def unsure(asked: Asked) -> Table:
    """Attempts whose cost is not known, of all days, by model and how far it is, in one query."""
    rows = list(_unsure(asked))
    sums = [sum(row[place] for row in rows) for place in (2, 3, 4)]
    return Table(
        columns=(
            Column("model", "Model", Kind.MODEL),
            Column("certainty", "How far it is known"),
            Column("attempts", "Requests", Kind.COUNT),
            Column("low", "Cost at least", Kind.MONEY),
            Column("high", "Cost at most", Kind.MONEY),
            Column("oldest_at", "Oldest (UTC)", Kind.MOMENT),
        ),
        rows=tuple(row[:-1] for row in rows),
        total=("All", "", *sums, None),
        abouts=tuple(
            About("admin:triage_call_changelist", query=(("certainty", row[-1]),)) for row in rows
        ),
        note="Of all days. The true cost lies between the two sums; comparing the ledger with the provider's account settles "
        "it (the command “reconcile”). A line leads to the calls.",
        empty="Every request's cost is known exactly.",
    )


def _unsure(asked: Asked) -> Iterator[tuple[Any, ...]]:
    days = Tally.objects.filter(
        grain=Grain.DAY, subject=Subject.CERTAINTY, value__in=rollups.UNSURE
    )
    if asked.model:
        days = days.filter(model=asked.model)
    sums = (Sum("number"), Sum("cost_nanousd"), Sum("bound_nanousd"), Min("first_at"))
    groups = days.values_list("model", "value").annotate(*sums).order_by("model", "value")
    for model, certainty, number, cost, bound, oldest_at in groups:
        low = 0 if certainty == Certainty.UNKNOWN else cost
        yield model, UNSURE[Certainty(certainty)], number, low, bound, oldest_at, certainty


def queue(asked: Asked) -> Table:
    """The triage and the drafts that are not done, in two queries through their indexes."""
    now = timezone.now()
    rows = (*_waiting_triage(now), *_waiting_drafts())
    is_bounded = sum(row[2] for row in rows) >= WAITING_AT_MOST
    return Table(
        columns=(
            Column("work", "Work"),
            Column("state", "State"),
            Column("number", "How many", Kind.COUNT),
            Column("due_since", "Oldest is due since (UTC)", Kind.MOMENT),
            Column("waits_seconds", "Waiting, seconds", Kind.COUNT),
        ),
        rows=tuple((*row, _seconds(row[3], now)) for row in rows),
        note="A skipped ticket is due again when its pause is over. What waits for a batch is not late."
        + (f" Counted are the {WAITING_AT_MOST:,} that are due first." if is_bounded else ""),
        empty="Nothing waits: every ticket has its triage, and no draft is being written.",
    )


def _waiting_triage(now: datetime) -> Iterator[tuple[str, str, int, datetime | None]]:
    waiting = Triage.objects.filter(state__in=list(WAITING)).order_by("due_at", "id")
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for state, due_at in waiting.values_list("state", "due_at")[:WAITING_AT_MOST]:
        found[state].append(due_at)
    for state, words in WAITING.items():
        if dues := found[state]:
            is_late = state not in NOT_LATE and dues[0] <= now
            yield "triage", words, len(dues), dues[0] if is_late else None


def _waiting_drafts() -> Iterator[tuple[str, str, int, datetime | None]]:
    underway: QuerySet[Draft] = Draft.objects.filter(state__in=UNDERWAY).order_by()
    rows = underway.values_list("state").annotate(Count("id"), Min("created_at"))
    for state, number, since in sorted(rows):
        yield "draft", DraftState(state).label, number, since


def _seconds(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else round((now - since).total_seconds())


REPORTS: tuple[Report, ...] = (
    Report(
        "health-hours",
        "The last 24 hours",
        "Requests and failed requests by the hour.",
        hours,
        frozenset({Filter.FEATURE, Filter.MODEL}),
    ),
    Report(
        "health-models",
        "What the provider's limits leave",
        "Requests and tokens per minute that are left, as the newest answers said.",
        models,
        frozenset({Filter.MODEL}),
    ),
    Report(
        "health-unsure",
        "Requests of unsure cost",
        "Attempts whose cost is unknown or a lower bound, with the least and the most it can be.",
        unsure,
        frozenset({Filter.MODEL}),
    ),
    Report(
        "health-queue",
        "What waits",
        "Triage and drafts that are not done, and how long the oldest has been due.",
        queue,
    ),
)
