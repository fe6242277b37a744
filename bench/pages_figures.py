"""Figures from cells beside the same figures from rows: equal, and a hundred times sooner.

A figure's row is known by its exact numbers; names, which pages put into words, are not compared. What is timed of a page is
what it asks the database.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from bench import pages_raw
from bench.pages_data import LARGE, within
from bench.pages_plans import queries_of
from bench.pages_shown import asked
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Asked

ROUNDS = 7
FASTER_AT_LEAST = 100
NEAR = 0.02  # what a histogram may be off
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A report's columns, and the SQL that gives the same from the rows after `names` columns of names.

    `near` of the last columns are percentiles. `by` sums the report's rows by a column first. `is_day`: of yesterday alone.
    """

    report: str
    columns: tuple[str, ...]
    raw: str
    names: int = 1
    near: int = 0
    by: str = ""
    is_day: bool = False


SUMS = ("calls", "attempts", "errors", "cost")
TOKENS = (
    *("uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    *("cache_read_tokens", "output_tokens"),
)
WAYS = ("first", "retry", "fallback", "stored", "joined", "batch")
FIGURES = (
    Figure(
        "costs-by-model",
        (*SUMS[:3], *TOKENS, "cost", "p50", "p95", "p99"),
        pages_raw.BY_MODEL,
        names=2,
        near=3,
    ),
    Figure("costs-by-day", ("day", "total"), pages_raw.BY_DAY, names=0),
    Figure("costs-by-user", SUMS, pages_raw.BY_USER),
    Figure("costs-by-team", SUMS, pages_raw.BY_TEAM),
    Figure(
        "costs-by-ticket",
        ("ticket", "calls", "attempts", "cost"),
        pages_raw.BY_TICKET,
        names=0,
        is_day=True,
    ),
    Figure(
        "cache-by-model",
        ("hits", "writes", "read_tokens", "written_5m_tokens"),
        pages_raw.CACHE,
        names=2,
    ),
    Figure("cache-misses", ("requests",), pages_raw.MISSES, by="model"),
    Figure("health-obtained", ("calls", *WAYS), pages_raw.OBTAINED),
    Figure("health-errors", ("attempts",), pages_raw.ERRORS, by="model"),
    Figure(
        "quality-by-label",
        ("runs", "applied", "suggested", "withheld", "judged", "right"),
        pages_raw.LABELS,
    ),
    Figure("quality-escalation", ("escalated", "changed", "cost"), pages_raw.ESCALATION),
    Figure("quality-confusions", ("runs",), pages_raw.CONFUSIONS, names=2),
    Figure(
        "drafts-by-label",
        ("drafts", "sent_unchanged", "sent_edited", "discarded", "waiting", "cost"),
        pages_raw.DRAFTS,
    ),
)


def main() -> list[str]:
    """The names of the figures that are wrong or not soon enough."""
    print(
        "\n| figure | rows | ms from cells | ms from rows | × sooner | ms with the page's own work | equal | verdict |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with within(LARGE):
        return [figure.report for figure in FIGURES if not _judge(figure)]


def _judge(figure: Figure) -> bool:
    """Print the figure's line. Whether it passes."""
    wanted = _asked(figure)

    def build() -> Rows:
        return _picked(figure, wanted)

    whole_ms, shown = _timed(build, ROUNDS)
    queries = queries_of(build)
    cells_ms, _ = _timed(lambda: [_fetched(query, None) for query in queries], ROUNDS)
    period = wanted.period
    given = {"since": period.starts_at, "until": period.ends_before}
    _fetched(figure.raw, given)
    raw_ms, rows = _timed(lambda: _fetched(figure.raw, given), 1)
    differs = _difference(figure, shown, [row[figure.names :] for row in rows])
    sooner = raw_ms / cells_ms
    faults = [differs] if differs else []
    if sooner < FASTER_AT_LEAST:
        faults.append(f"only {sooner:.0f} × sooner")
    print(
        f"| {figure.report} | {len(shown)} | {cells_ms:.1f} | {raw_ms:,.0f} | {sooner:,.0f} | {whole_ms:.1f} "
        f"| {'no' if differs else 'yes'} | {'; '.join(faults) or 'pass'} |",
        flush=True,
    )
    return not faults


def _asked(figure: Figure) -> Asked:
    """The whole history, or its last whole day."""
    whole = asked()
    day = whole.period.last - timedelta(days=1)
    return Asked(Period(day, day)) if figure.is_day else whole


def _picked(figure: Figure, wanted: Asked) -> Rows:
    """The figure's columns of the report."""
    table = REPORTS[figure.report].build(wanted)
    names = [column.name for column in table.columns]
    rows = [tuple(row[names.index(name)] for name in figure.columns) for row in table.rows]
    if not figure.by:
        return rows
    sums: dict[str, int] = {}
    for row, (number,) in zip(table.rows, rows, strict=True):
        key = row[names.index(figure.by)]
        sums[key] = sums.get(key, 0) + number
    return [(number,) for number in sums.values()]


def _fetched(query: str, given: dict[str, Any] | None) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(query if given else query.replace("%", "%%"), given or [])
        return list(cursor.fetchall())


def _timed(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Median milliseconds, and what came of it."""
    times, found = [], None
    for _ in range(rounds):
        started = time.perf_counter()
        found = work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), found


def _difference(figure: Figure, shown: Rows, rows: Rows) -> str:
    """What is not equal, in words; "" where all is."""
    if len(shown) != len(rows):
        return f"{len(shown)} rows beside {len(rows)}"
    for one, other in zip(sorted(shown, key=_order), sorted(rows, key=_order), strict=True):
        exact = len(one) - figure.near
        if not all(map(_is_equal, one[:exact], other[:exact])):
            return f"{one} beside {tuple(other)}"
        if not all(map(_is_near, one[exact:], other[exact:])):
            return f"percentiles {one[exact:]} beside {tuple(other[exact:])}"
    return ""


def _order(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple(
        f"{value:030.9f}" if isinstance(value, float) else f"{value!s:>30}" for value in row
    )


def _is_equal(one: Any, other: Any) -> bool:
    """Money and counts to the last digit; shares as far as a float goes."""
    if isinstance(one, float) or isinstance(other, float):
        return abs(float(one or 0) - float(other or 0)) < 1e-9
    return bool((one or 0) == (other or 0))


def _is_near(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one == other
    return abs(one - other) <= max(1.0, NEAR * other)
