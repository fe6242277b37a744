"""What Claude cost: by feature and model, day, user, team and ticket, and what was saved."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from accounts.models import SYSTEM_EMAIL, Team, User
from triage.models import Feature
from triage.models.rollups import NO_TEAM
from triage.selectors.periods import Period
from triage.selectors.reports import costs_models, costs_tickets, savings
from triage.selectors.reports.costs_cells import (
    EVERY_FILTER,
    Group,
    Sums,
    daily,
    each,
    share,
    spent,
    total,
)
from triage.selectors.tables import About, Asked, Column, Filter, Kind, Report, Table

NOTHING_SPENT = (
    "No call to Claude was made in this time. Choose other days, or wait for the first ticket."
)
PAGE, CALLS = "admin:costs", "admin:triage_call_changelist"
GROUP_COLUMNS = (
    Column("calls", "Calls", Kind.COUNT, "A call that changed models counts with each of them."),
    Column("attempts", "Attempts", Kind.COUNT, "Requests to Claude: what is billed."),
    Column("errors", "Errors", Kind.COUNT, "Attempts that failed."),
    Column("cost", "Cost", Kind.MONEY),
    Column("cost_share", "Share", Kind.SHARE, "Of the cost of all rows."),
    Column("cost_per_call", "Per call", Kind.MONEY),
)


def by_day(asked: Asked) -> Table:
    """The newest day first; days that cost nothing are left out."""
    features = [asked.feature] if asked.feature else list(Feature)
    days = [day for day in reversed(daily(asked)) if day.cost_nanousd]
    costs = [[day.cost_nanousd.get(feature, 0) for feature in features] for day in days]
    return Table(
        columns=(
            Column("day", "UTC day", Kind.DAY),
            *(Column(feature.value, feature.label, Kind.MONEY) for feature in features),
            Column("total", "All", Kind.MONEY),
        ),
        rows=tuple((day.day, *row, sum(row)) for day, row in zip(days, costs, strict=True)),
        total=("All", *map(sum, zip(*costs, strict=True)), sum(map(sum, costs))) if costs else None,
        abouts=tuple(
            About(PAGE, query=_query(replace(asked, period=Period(day.day, day.day))))
            for day in days
        ),
        note="What each UTC day cost, by what the calls were for. A day leads to its own figures; days without cost are left"
        " out.",
        empty=NOTHING_SPENT,
    )


def by_user(asked: Asked) -> Table:
    groups = _dearest(spent(asked, "by_id"))
    people = User.objects.filter(pk__in=[pk for (pk,) in groups])
    emails = dict(people.values_list("pk", "email"))
    return Table(
        columns=(Column("user", "User"), *GROUP_COLUMNS),
        rows=_rows([emails.get(pk, f"user {pk}") for (pk,) in groups], groups),
        total=_total(groups),
        abouts=tuple(
            About(CALLS, query=(("q", emails[pk]), *_days(asked))) if pk in emails else None
            for (pk,) in groups
        ),
        note=f"Who asked, the dearest first. What runs by itself, triage above all, runs as {SYSTEM_EMAIL}.",
        empty=NOTHING_SPENT,
    )


def by_team(asked: Asked) -> Table:
    groups = _dearest(spent(asked, "team_id"))
    teams = dict(Team.objects.values_list("pk", "name")) | {NO_TEAM: "No team"}
    return Table(
        columns=(Column("team", "Team"), *GROUP_COLUMNS),
        rows=_rows([teams.get(pk, f"team {pk}") for (pk,) in groups], groups),
        total=_total(groups),
        abouts=tuple(
            About(PAGE, query=_query(replace(asked, team_id=team_id))) if team_id in teams else None
            for (team_id,) in groups
        ),
        note="By the team that has the ticket now, which need not be the one that had it when Claude was asked. "
        "“No team” also has what is about no ticket, evaluations for one.",
        empty=NOTHING_SPENT,
    )


def _dearest(groups: Mapping[Group, Sums]) -> dict[Group, Sums]:
    return dict(sorted(groups.items(), key=lambda group: (-group[1].cost_nanousd, group[0])))


def _rows(names: Sequence[str], groups: Mapping[Group, Sums]) -> tuple[Group, ...]:
    whole = total(groups)
    return tuple(
        (name, *_cells(sums, whole)) for name, sums in zip(names, groups.values(), strict=True)
    )


def _total(groups: Mapping[Group, Sums]) -> Group | None:
    whole = total(groups)
    return ("All", *_cells(whole, whole)) if groups else None


def _cells(sums: Sums, whole: Sums) -> Group:
    return (
        sums.calls,
        sums.attempts,
        sums.errors,
        sums.cost_nanousd,
        share(sums.cost_nanousd, whole.cost_nanousd),
        each(sums.cost_nanousd, sums.calls),
    )


def _query(asked: Asked) -> tuple[tuple[str, str], ...]:
    """The costs page's query that asks for the same."""
    given = {
        "feature": asked.feature or "",
        "model": asked.model or "",
        "team": "" if asked.team_id is None else str(asked.team_id),
    }
    return (*_days(asked), *((name, value) for name, value in given.items() if value))


def _days(asked: Asked) -> tuple[tuple[str, str], ...]:
    return (("from", asked.period.first.isoformat()), ("to", asked.period.last.isoformat()))


REPORTS: tuple[Report, ...] = (
    Report(
        "costs-by-model",
        "Costs by feature and model",
        "Calls, tokens, times and money of each feature on each model.",
        costs_models.by_model,
        EVERY_FILTER,
    ),
    Report(
        "costs-by-day",
        "Costs by day",
        "What each UTC day cost, by feature.",
        by_day,
        EVERY_FILTER,
    ),
    Report(
        "costs-by-user",
        "Costs by user",
        "What each user's calls cost.",
        by_user,
        EVERY_FILTER,
    ),
    Report(
        "costs-by-team",
        "Costs by team",
        "What the calls about each team's tickets cost, by the team that has the ticket now.",
        by_team,
        frozenset({Filter.FEATURE, Filter.MODEL}),
    ),
    Report(
        "costs-by-ticket",
        "The dearest tickets",
        f"The {costs_tickets.SHOWN} tickets that cost most.",
        costs_tickets.by_ticket,
    ),
    Report(
        "savings",
        "Savings",
        "What was not spent, lever by lever, and against what that is counted.",
        savings.by_lever,
        EVERY_FILTER,
    ),
)
