"""What may be spent, what is, how often each user may call, and who was refused."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import CharField, Q, Sum
from django.db.models.functions import Cast

from accounts.models import User
from triage.models import Budget, CallCell, Grain, Period, Scope, Spend
from triage.selectors.budgets import in_order, with_spend
from triage.selectors.reports import quotas_refused
from triage.selectors.reports.tallies import share
from triage.selectors.tables import About, Asked, Column, Kind, Report, Table

BIGGEST_SPENDERS = 20
CALLERS_AT_MOST = 50
BUDGET_COLUMNS = (
    Column("scope", "Whose"),
    Column("key", "Which"),
    Column("period", "Per"),
    Column("soft", "Soft limit", Kind.MONEY, "Above it an alert is raised."),
    Column("hard", "Hard limit", Kind.MONEY, "Nothing is asked that could exceed it."),
    Column("spent", "Spent", Kind.MONEY),
    Column("held", "Held", Kind.MONEY, "Upper bounds of requests under way."),
    Column("left", "Left", Kind.MONEY, "Of the hard limit, else of the soft one."),
    Column("used", "Used", Kind.SHARE, "Spent and held, of the same limit."),
    Column("starts_anew_on", "Starts anew (UTC)", Kind.DAY),
)


def budgets(asked: Asked) -> Table:
    """Every budget in its current window, then what has none this month; in four queries."""
    today = datetime.now(UTC).date()
    found = list(in_order(with_spend(Budget.objects.all(), today=today)))
    rows = [*map(_budget_row, found), *_unlimited(found, today)]
    return Table(
        columns=BUDGET_COLUMNS,
        rows=tuple(row for row, _ in rows),
        abouts=tuple(about for _, about in rows),
        note="The current UTC day or month of each budget, whatever days are asked for. Below them stand the installation, the "
        f"features and the {BIGGEST_SPENDERS} biggest spenders without any limit, with their month so far.",
        empty="There is no budget, and nothing was spent this month.",
    )


def _budget_row(budget: Budget) -> tuple[tuple[Any, ...], About]:
    sums = vars(budget)
    who = sums["owner"] or budget.key
    row = _row(
        (budget.scope, who, budget.period),
        (budget.soft_nanousd, budget.hard_nanousd),
        (sums["spent_nanousd"], sums["held_nanousd"]),
        sums["starts_on"],
    )
    return row, About("admin:triage_budget_change", (budget.pk,))


def _row(
    whose: tuple[str, str, str],
    limits: tuple[int | None, int | None],
    used: tuple[int, int],
    starts_on: date,
) -> tuple[Any, ...]:
    limit = limits[0] if limits[1] is None else limits[1]
    left = None if limit is None else max(limit - sum(used), 0)
    part = None if limit is None else share(sum(used), limit)
    return (*whose, *limits, *used, left, part, next_start(Period(whose[2]), starts_on))


def next_start(period: Period, starts_on: date) -> date:
    """The first UTC day after the day or month that starts then."""
    if period == Period.DAY:
        return starts_on + timedelta(days=1)
    return (starts_on + timedelta(days=31)).replace(day=1)


def _unlimited(found: list[Budget], today: date) -> Iterator[tuple[tuple[Any, ...], About]]:
    """The month of what has no budget at all: the installation, features, and the users who spent most."""
    limited = {(budget.scope, budget.key) for budget in found}
    month = Spend.objects.filter(period=Period.MONTH, starts_on=today.replace(day=1))
    spent = Q(spent_nanousd__gt=0) | Q(held_nanousd__gt=0)
    own = [key for scope, key in limited if scope == Scope.USER]
    shared = month.filter(spent, scope__in=[Scope.INSTALLATION, Scope.FEATURE])
    users = month.filter(spent, scope=Scope.USER).exclude(key__in=own)
    spenders = users.order_by("-spent_nanousd", "key")[:BIGGEST_SPENDERS]
    rows = [
        *(row for row in shared.order_by("-scope", "key") if (row.scope, row.key) not in limited),
        *spenders,
    ]
    emails = _emails([row.key for row in rows if row.scope == Scope.USER])
    for row in rows:
        whose = (row.scope, emails.get(row.key, row.key), Period.MONTH.value)
        used = (row.spent_nanousd, row.held_nanousd)
        yield _row(whose, (None, None), used, row.starts_on), _new_budget(row)


def _new_budget(spend: Spend) -> About:
    """The form that adds a budget, filled in as far as that goes."""
    whose = ((spend.scope, spend.key),) if spend.key else ()
    query = (("scope", spend.scope), *whose, ("period", Period.MONTH.value))
    return About("admin:triage_budget_add", query=query)


def _emails(ids: list[str]) -> dict[str, str]:
    users = User.objects.annotate(key=Cast("pk", CharField())).filter(pk__in=map(int, ids))
    return dict(users.values_list("key", "email")) if ids else {}


def rates(asked: Asked) -> Table:
    """Who called today or has a rate of their own, in two queries."""
    midnight = datetime.combine(datetime.now(UTC).date(), time.min, UTC)
    today = CallCell.objects.filter(grain=Grain.DAY, starts_at=midnight)
    calls = dict(today.values_list("by_id").annotate(Sum("calls")))
    people = User.objects.exclude(pk=User.objects.system().pk).filter(is_active=True)
    chosen = people.filter(Q(pk__in=list(calls)) | Q(calls_per_minute__isnull=False))
    rows = chosen.order_by("email").values_list("pk", "email", "calls_per_minute")
    shown = sorted(rows, key=lambda row: (-calls.get(row[0], 0), row[1]))[:CALLERS_AT_MOST]
    return Table(
        columns=(
            Column("user", "User"),
            Column("limit", "Calls per minute", Kind.COUNT),
            Column("source", "Set for"),
            Column("calls_today", "Calls today", Kind.COUNT),
        ),
        rows=tuple((email, *_rate(own), calls.get(pk, 0)) for pk, email, own in shown),
        abouts=tuple(About("admin:accounts_user_change", (pk,)) for pk, _, _ in shown),
        note="Calls that people and integrations wait for, in any 60 seconds. A user without a rate of their own has the "
        f"installation's. Shown are at most {CALLERS_AT_MOST} users who called today or have a rate of their own.",
        empty="Nobody but background work has called today, and nobody has a rate of their own.",
    )


def _rate(own: int | None) -> tuple[int, str]:
    """The limit in force, and whom it is set for."""
    if own is None:
        return settings.TRIAGE_RATE_PER_MINUTE, "everybody"
    return own, "this user"


REPORTS: tuple[Report, ...] = (
    Report(
        "quotas-budgets",
        "Budgets",
        "Each budget's limits, and what is spent and held in its current window.",
        budgets,
    ),
    Report(
        "quotas-rates",
        "Calls per minute by user",
        "Users who called today or have a rate of their own.",
        rates,
    ),
    *quotas_refused.REPORTS,
)
