"""What the tests of costs ask for, and the figures brought up to date with their rows."""

from datetime import date
from typing import Any

from accounts.models import Team
from triage.models import Feature, Ticket
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Asked, Table
from triage.services import rollups

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def asked(
    period: Period = NOVEMBER,
    *,
    feature: Feature | None = None,
    model: str | None = None,
    team_id: int | None = None,
) -> Asked:
    """What is asked of figures that are up to date."""
    rollups.refresh()
    return Asked(period, feature, model, team_id)


def table_of(name: str, period: Period = NOVEMBER, **narrowed: Any) -> Table:
    return REPORTS[name].build(asked(period, **narrowed))


def rows_of(table: Table) -> list[dict[str, Any]]:
    """Each row by its columns' names."""
    return [row_of(table, row) for row in table.rows]


def row_of(table: Table, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column.name for column in table.columns), row, strict=True))


def total_of(table: Table) -> dict[str, Any]:
    assert table.total
    return row_of(table, table.total)


def picked(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def of_team(ticket: Ticket, team: Team | None) -> Ticket:
    """The ticket, which that team has from now on."""
    Ticket.objects.filter(pk=ticket.pk).update(team=team)
    ticket.refresh_from_db()
    return ticket
