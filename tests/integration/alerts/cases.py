"""Cells and rules for the tests of alerts, saying only what a test is about."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.integration.admin_cases import HAIKU, NOON
from triage.models import (
    AlertKind,
    AttemptCell,
    Grain,
    LatencyCell,
    Measure,
    Subject,
    Tally,
    TriageCell,
)
from triage.models.rollups import ALL_TEAMS, NO_BAND, NO_TEAM, NO_VARIANT
from triage.services.alerts.readings import Reading
from triage.services.alerts.rules import RULES, Rule, Unit

NOW = NOON + timedelta(minutes=30)
FULL_HOUR, THIS_HOUR = NOON - timedelta(hours=1), NOON
MIDNIGHT = NOON.replace(hour=0)
NUMBERS = dict.fromkeys(
    [
        "attempts",
        "calls",
        "errors",
        "uncached_input_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "cache_read_tokens",
        "output_tokens",
        "cache_hits",
        "cache_writes",
        "uncacheable_tokens",
        "uncached_nanousd",
        "batch_attempts",
        "batch_nanousd",
        "cost_nanousd",
    ],
    0,
)
RUNS = dict.fromkeys(
    [
        "runs",
        "first_runs",
        "escalated",
        "judged",
        "right",
        "changed",
        "changed_judged",
        "changed_right",
        "first_right",
        "confidence_micro",
        "cost_nanousd",
        "cost_square_e12",
    ],
    0,
)


def attempts_of(starts_at: datetime, *, grain: Grain = Grain.HOUR, **fields: Any) -> None:
    keys = {"feature": "classify", "model": HAIKU, "by_id": 1, "team_id": NO_TEAM}
    AttemptCell.objects.create(grain=grain, starts_at=starts_at, **(keys | NUMBERS | fields))


def costs_of(days_ago: int, dollars: float) -> None:
    at = MIDNIGHT - timedelta(days=days_ago)
    attempts_of(at, grain=Grain.DAY, attempts=1, cost_nanousd=round(dollars * 10**9))


def latencies_of(
    starts_at: datetime, histogram: Mapping[int, int], *, feature: str = "classify"
) -> None:
    LatencyCell.objects.create(
        grain=Grain.HOUR,
        starts_at=starts_at,
        feature=feature,
        model=HAIKU,
        team_id=ALL_TEAMS,
        measure=Measure.LATENCY,
        buckets=list(histogram),
        counts=list(histogram.values()),
    )


def answers_of(starts_at: datetime, **ended: int) -> None:
    """Answers by their stop reason."""
    for reason, number in ended.items():
        _tally(starts_at, Subject.STOP_REASON, reason, number)


def errors_of(starts_at: datetime, **codes: int) -> None:
    for code, number in codes.items():
        _tally(starts_at, Subject.ERROR, code, number)


def judged_of(days_ago: int, *, judged: int, wrong: int) -> None:
    TriageCell.objects.create(
        grain=Grain.DAY,
        starts_at=MIDNIGHT - timedelta(days=days_ago),
        stage="classify",
        label="billing",
        decision="suggested",
        band=NO_BAND,
        variant_id=NO_VARIANT,
        team_id=NO_TEAM,
        **(RUNS | {"judged": judged, "right": judged - wrong}),
    )


def read(kind: AlertKind, now: datetime = NOW, *, limit: float | None = None) -> dict[str, Reading]:
    """What a rule reads, by scope."""
    return {reading.scope: reading for reading in RULES[kind].read(now, limit)}


def a_rule(
    read: Callable[[datetime, float | None], list[Reading]],
    *,
    kind: AlertKind = AlertKind.ERROR_RATE,
    **fields: Any,
) -> Rule:
    given = {"is_floor": False, "ends_quietly": False, "reads_cells": True} | fields
    return Rule(kind, "What is tested.", "10", Unit.PERCENT, read, **given)


def _tally(starts_at: datetime, subject: Subject, value: str, number: int) -> None:
    Tally.objects.create(
        grain=Grain.HOUR,
        starts_at=starts_at,
        subject=subject,
        feature="classify",
        model=HAIKU,
        value=value,
        number=number,
        cost_nanousd=0,
        tokens=0,
        first_at=starts_at,
        last_at=starts_at,
    )
