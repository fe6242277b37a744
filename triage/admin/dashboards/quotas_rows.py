"""Rows of the quotas page that carry more than figures: a bar, and a way to change what they say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import User
from triage.admin.dashboards.cells import Cell, ShownTable, address_of
from triage.admin.formats import NOTHING, dollars, share
from triage.models import Feature, Period, Scope, Shedding
from triage.selectors.tables import Table
from triage.services.gateway import rates
from triage.services.gateway.budgets import DEFAULT_SHARES


@dataclass(frozen=True, slots=True)
class Bar:
    """What `admin/budget_bar.html` draws: parts of `limit`, which is at least 1, and the same in words."""

    spent: int
    used: int
    limit: int
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """A row of a table with its bar; `action` is what can be done about it, at `address`."""

    cells: tuple[Cell, ...]
    bar: Bar | None
    action: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class ShedRow:
    """What one feature may use of the installation's budgets: `per_day` and `per_month` in words."""

    feature: str
    share: str
    source: str
    per_day: str
    per_month: str
    bar: Bar | None


def without_share(table: Table, shown: ShownTable) -> ShownTable:
    """The report `quotas-budgets` without the column that its bars show."""
    place = [column.name for column in table.columns].index("used")
    rows = tuple((*row[:place], *row[place + 1 :]) for row in shown.rows)
    return replace(shown, heads=(*shown.heads[:place], *shown.heads[place + 1 :]), rows=rows)


def budget_rows(table: Table, shown: ShownTable) -> Iterator[QuotaRow]:
    """The report `quotas-budgets` with a bar for each budget, and the form that changes or adds one."""
    for values, cells, about in zip(named(table), shown.rows, table.abouts, strict=True):
        limit = values["soft"] if values["hard"] is None else values["hard"]
        action = "Set one" if limit is None else "Change"
        address = address_of(about) if about else ""
        yield QuotaRow(
            cells, None if limit is None else _budget_bar(values, limit), action, address
        )


def _budget_bar(values: Mapping[str, Any], limit: int) -> Bar:
    used = values["spent"] + values["held"]
    is_over = values["hard"] is not None and used >= values["hard"]
    is_above_soft = values["soft"] is not None and used > values["soft"]
    word = "used up" if is_over else "above the soft limit" if is_above_soft else ""
    tone = "danger" if is_over else "warning" if is_above_soft else "good"
    text = ", ".join(filter(None, (share(used, limit), word)))
    return _bar(values["spent"], used, limit, text, tone)


def _bar(spent: int, used: int, limit: int, text: str, tone: str) -> Bar:
    return Bar(min(spent, limit), min(used, limit), max(limit, 1), text, tone)


def rate_rows(table: Table, shown: ShownTable, *, is_known: bool) -> Iterator[QuotaRow]:
    """The report `quotas-rates` with each user's calls of the last 60 seconds; one question to Redis a user.

    Args:
        is_known: Whether Redis answers; without it nobody's calls are counted, and no bar is drawn.
    """
    ids = [about.args[0] for about in table.abouts if about]
    users = User.objects.in_bulk(ids)
    for user_id, cells in zip(ids, shown.rows, strict=True):
        yield QuotaRow(cells, _rate_bar(rates.quota(users[user_id])) if is_known else None)


def _rate_bar(quota: rates.Quota) -> Bar:
    used = quota.allowed - quota.left
    word = f"{used} of {quota.allowed}"
    if quota.left:
        return _bar(used, used, quota.allowed, word, "good")
    return _bar(1, 1, 1, f"{word}, refused until {quota.resets_at:%H:%M:%S}", "danger")


def shed_rows(table: Table) -> Iterator[ShedRow]:
    """The features in the order in which they stop as the installation's money runs out; one query.

    Args:
        table: The report `quotas-budgets`, for the installation's hard limits.
    """
    chosen = dict(Shedding.objects.values_list("feature", "share_percent"))
    shares = {feature: chosen.get(feature, share) for feature, share in DEFAULT_SHARES.items()}
    budgets = {
        values["period"]: values
        for values in named(table)
        if values["scope"] == Scope.INSTALLATION and values["hard"] is not None
    }
    for feature, percent in sorted(shares.items(), key=lambda item: item[1]):
        yield ShedRow(
            feature=Feature(feature).label,
            share=f"{percent} %",
            source="an admin" if feature in chosen else "default",
            per_day=_allowed(budgets.get(Period.DAY), percent),
            per_month=_allowed(budgets.get(Period.MONTH), percent),
            bar=_tightest(budgets.values(), percent),
        )


def _allowed(budget: Mapping[str, Any] | None, percent: int) -> str:
    return NOTHING if budget is None else dollars(budget["hard"] * percent // 100)


def _tightest(budgets: Any, percent: int) -> Bar | None:
    """Of the feature's share in the budget that leaves it least."""
    bars = [_share_bar(values, values["hard"] * percent // 100) for values in budgets]
    return max(bars, key=lambda bar: bar.used / bar.limit, default=None)


def _share_bar(values: Mapping[str, Any], allowed: int) -> Bar:
    used = values["spent"] + values["held"]
    is_over = used >= allowed
    word = f"{share(used, allowed)} of its share of the {values['period']}"
    text = f"{word}: stopped" if is_over else word
    return _bar(values["spent"], used, allowed, text, "danger" if is_over else "good")


def named(table: Table) -> Iterator[Mapping[str, Any]]:
    """Each row's values by the columns' names."""
    names = [column.name for column in table.columns]
    return (dict(zip(names, row, strict=True)) for row in table.rows)
