"""Whether a page reads a large table: what the plans of its queries say, run and counted."""

import re
from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import plans
from bench.pages_shown import Show

LARGE_TABLES = (
    *("triage_call", "triage_attempt", "triage_ticket", "triage_triage", "triage_fielddecision"),
    *("triage_draft", "triage_requester", "triage_tickettag", "triage_prompt"),
)
ROWS_AT_MOST = 10_000  # that one step of a query may take from a large table, by whatever index
BLOCKS_AT_MOST = (
    256  # that a look through a table without an index may touch until it has what it sought
)
SCAN = re.compile(
    r"(?P<how>[A-Z][\w ]*? Scan)(?: (?P<index>\S+))? (?P<table>triage_\w+): (?P<rows>[\d,]+) rows, (?P<blocks>[\d,]+) buffers"
)


def judge(show: Show) -> tuple[int, list[str]]:
    """How many 8 kB blocks the page's queries touch, and what is wrong with how they do it."""
    queries = queries_of(show)
    cost = plans.explain(queries, database=connection)
    return cost.buffers, sorted({fault for plan in cost.plans for fault in _faults(plan)})


def queries_of(show: Show) -> list[str]:
    """What the page reads; what it writes, of a session or a token, is not asked for."""
    with CaptureQueriesContext(connection) as captured:
        show()
    asked = (query["sql"] for query in captured.captured_queries)
    return [sql for sql in asked if sql.lstrip().upper().startswith(("SELECT", "WITH"))]


def _faults(plan: str) -> Iterator[str]:
    for found in SCAN.finditer(plan):
        rows, blocks = (int(found[name].replace(",", "")) for name in ("rows", "blocks"))
        if found["table"] not in LARGE_TABLES:
            continue
        if rows > ROWS_AT_MOST:
            yield f"takes {rows:,} rows of {found['table']}"
        elif found["how"].endswith("Seq Scan") and blocks > BLOCKS_AT_MOST:
            yield f"looks through {found['table']}"
