"""A day's rows, copied in: one transaction a day, with the triggers off and what they keep made good.

Off are the triggers of the tables and, where the database lets us, the checks of foreign keys: the rows point at each other by
construction. What the triggers would have done is done for the day as a whole: `Spend`, and notes of the hours to be summed.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.utils import ProgrammingError

from triage.models import Noted
from triage.services.history.ids import Day
from triage.services.history.pages import COLUMNS, Pages
from triage.services.history.scene import Scene
from triage.services.history.story import Story

LINES_A_WRITE = 500
NO_TRIGGERS = "SET LOCAL session_replication_role = replica"
MANY_WORDS = (
    "SET LOCAL gin_pending_list_limit = '256MB'"  # taken into the index at the end, in one go
)
SPEND = """
INSERT INTO triage_spend AS kept (scope, key, period, starts_on, held_nanousd, spent_nanousd)
SELECT scopes.scope, scopes.key, periods.period, periods.starts_on, 0, sum(cost_nanousd)
  FROM unnest(%(features)s::text[], %(users)s::text[], %(costs)s::bigint[]) AS spent (feature, by_id, cost_nanousd)
 CROSS JOIN LATERAL (VALUES ('installation', ''), ('feature', feature), ('user', by_id)) AS scopes (scope, key)
 CROSS JOIN LATERAL (VALUES ('day', %(day)s::date), ('month', date_trunc('month', %(day)s::date)::date))
       AS periods (period, starts_on)
 GROUP BY 1, 2, 3, 4
HAVING sum(cost_nanousd) <> 0
 ORDER BY 1, 2, 3, 4
ON CONFLICT (scope, key, period, starts_on) DO UPDATE SET spent_nanousd = kept.spent_nanousd + EXCLUDED.spent_nanousd
"""
NOTES = """
INSERT INTO triage_rollupnote (subject, starts_at)
SELECT subject, starts_at FROM unnest(%(subjects)s::text[]) AS subject
 CROSS JOIN generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '1 hour') AS starts_at
"""


def write_day(scene: Scene, day: Day) -> int:
    """Tell a day and write it, whole or not at all. How many attempts it has."""
    story = Story(scene, day)
    with transaction.atomic(), connection.cursor() as cursor:
        _switch_triggers_off(cursor)
        cursor.execute(MANY_WORDS)
        for pages in story.tell():
            _copy(cursor, pages)
            pages.clear()
        on = scene.first_day + timedelta(days=day.quota.number)
        _add_to_spend(cursor, on, story.ledger.spent)
        _note(cursor, on)
        _switch_triggers_on(cursor)
    return day.quota.attempts


def _switch_triggers_off(cursor: CursorWrapper) -> None:
    """For this transaction: all triggers where that is allowed, else those of the tables, which nobody else can write then."""
    try:
        with transaction.atomic():
            cursor.execute(NO_TRIGGERS)
    except ProgrammingError:
        for table in COLUMNS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def _switch_triggers_on(cursor: CursorWrapper) -> None:
    cursor.execute("SHOW session_replication_role")
    if cursor.fetchone()[0] == "replica":
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        return
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table changes with checks pending
    for table in COLUMNS:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _copy(cursor: CursorWrapper, pages: Pages) -> None:
    for table, lines in pages.lines.items():
        if not lines:
            continue
        with cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy:
            for start in range(0, len(lines), LINES_A_WRITE):
                copy.write("".join(lines[start : start + LINES_A_WRITE]))


def _add_to_spend(cursor: CursorWrapper, on: date, spent: Mapping[tuple[str, int], int]) -> None:
    cursor.execute(
        SPEND,
        {
            "features": [feature for feature, _ in spent],
            "users": [str(by_id) for _, by_id in spent],
            "costs": list(spent.values()),
            "day": on,
        },
    )


def _note(cursor: CursorWrapper, on: date) -> None:
    first = datetime(on.year, on.month, on.day, tzinfo=UTC)
    cursor.execute(
        NOTES,
        {"subjects": Noted.values, "first": first, "last": first + timedelta(hours=23)},
    )
