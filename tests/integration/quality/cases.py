"""Cells of triage runs, saying only what a test is about."""

from datetime import UTC, date, datetime
from typing import Any

from triage.models import ConfusionCell, Decision, Grain, Stage, TriageCell
from triage.models.rollups import NO_TEAM, NO_VARIANT
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Asked

DAY = datetime(2026, 11, 10, tzinfo=UTC)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
SURE = 3  # the band from 0.85 to 0.95
COUNTS = {
    "first_runs": 0,
    "escalated": 0,
    "judged": 0,
    "right": 0,
    "changed": 0,
    "changed_judged": 0,
    "changed_right": 0,
    "first_right": 0,
    "confidence_micro": 0,
    "cost_nanousd": 0,
    "cost_square_e12": 0,
}


def add_runs(
    label: str = "refund",
    runs: int = 10,
    *,
    at: datetime = DAY,
    stage: Stage = Stage.FIRST,
    decision: Decision = Decision.SUGGESTED,
    band: int = SURE,
    variant_id: int = NO_VARIANT,
    team_id: int = NO_TEAM,
    grain: Grain = Grain.DAY,
    **counts: int,
) -> None:
    """A cell; of runs of the strong model all are escalated."""
    escalated = 0 if stage is Stage.FIRST else runs
    TriageCell.objects.create(
        grain=grain,
        starts_at=at,
        stage=stage,
        label=label,
        decision=decision,
        band=band,
        variant_id=variant_id,
        team_id=team_id,
        runs=runs,
        **COUNTS | {"escalated": escalated} | counts,
    )


def add_confusion(label: str, corrected_to: str, runs: int, *, at: datetime = DAY) -> None:
    ConfusionCell.objects.create(
        grain=Grain.DAY, starts_at=at, label=label, corrected_to=corrected_to, runs=runs
    )


def asked(**changes: Any) -> Asked:
    return Asked(**{"period": NOVEMBER} | changes)


def rows_of(name: str, **changes: Any) -> list[dict[str, Any]]:
    """The report's rows in November 2026 by the columns' names, money in nano-dollars."""
    table = REPORTS[name].build(asked(**changes))
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def total_of(name: str, **changes: Any) -> dict[str, Any]:
    table = REPORTS[name].build(asked(**changes))
    assert table.total
    return dict(zip([column.name for column in table.columns], table.total, strict=True))
