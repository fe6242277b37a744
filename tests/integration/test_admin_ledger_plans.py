"""Whatever is asked of the list of calls, the database finds it through an index: the plans of its queries say so."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.integration.admin_cases import HAIKU, NOON
from triage.models import Attempt, Batch, Call, Certainty, Feature, Obtained
from triage.models.ledger import CallState
from triage.selectors.ledger import CallSearch, RangeTooLong, find
from triage.selectors.ledger_call import attempts_of, equal_calls, neighbours

pytestmark = pytest.mark.django_db

ROWS = 3_000
LAST = date(2026, 11, 10)
WEEK: dict[str, Any] = {"first": LAST - timedelta(days=6), "last": LAST}
MONTH: dict[str, Any] = {"first": LAST - timedelta(days=29), "last": LAST}
BIG = {"triage_call", "triage_attempt"}
# Indexes of few rows, which may be read whole.
PARTIAL = {"call_refused", "attempt_unsure", "attempt_open", "attempt_request_id"}
NAMED: list[dict[str, Any]] = [
    {"call_id": 5},
    {"request_id": "req_00000007"},
    {"about": ("ticket", "7")},
    {"fingerprint": f"{7:08x}"},
    {"fingerprint": f"{7:08x}" + "0" * 56},
    {"batch_id": 1},
]
DESCRIBED: list[dict[str, Any]] = [
    {"by_id": 1},
    {"feature": "draft"},
    {"model_asked": HAIKU},
    {"model_served": HAIKU},
    {"obtained": "stored"},
    {"state": "failed"},
    {"error": "overloaded"},
    {"certainty": "known"},
    {"certainty": "none"},
    {"above_nanousd": 10**6},
    {"feature": "draft", "obtained": "first", "error": "timeout", "above_nanousd": 5},
]
INDEXED: list[dict[str, Any]] = [
    {"certainty": "unknown"},
    {"certainty": "lower_bound"},
    {"certainty": "open", "feature": "draft"},
    {"error": "budget_exceeded", "by_id": 1},
]
SEARCHES: list[dict[str, Any]] = [
    *NAMED,
    *({**named, **described} for named in NAMED for described in DESCRIBED[1:9:4]),
    *DESCRIBED,
    *({**WEEK, **described} for described in DESCRIBED),
    *INDEXED,
    *({**MONTH, **indexed} for indexed in INDEXED),
    MONTH,
]


@pytest.fixture
def ledger(db: None) -> int:
    """A call every quarter of an hour for a month, one attempt each; the batch's number."""
    by = User.objects.system()
    batch = Batch.objects.create(feature=Feature.BACKFILL, model=HAIKU, lines=10)
    calls = Call.objects.bulk_create(_call(number, by) for number in range(ROWS))
    Attempt.objects.bulk_create(_attempt(call, batch) for call in calls)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE triage_call, triage_attempt")
        # What is too small to be worth an index is read whole; without that, what has no index shows.
        cursor.execute("SET LOCAL enable_seqscan = off")
    return batch.pk


def _call(number: int, by: User) -> Call:
    return Call(
        feature=Feature.CLASSIFY,
        by=by,
        about_kind="ticket",
        about_id=str(number),
        fingerprint=f"{number:08x}" + "0" * 56,
        model_asked=HAIKU,
        model_served=HAIKU,
        state=CallState.ANSWERED,
        obtained=Obtained.FIRST,
        created_at=NOON - timedelta(minutes=15 * (ROWS - number)),
    )


def _attempt(call: Call, batch: Batch) -> Attempt:
    number = int(call.about_id)
    return Attempt(
        call=call,
        batch=batch if 100 <= number < 110 else None,
        number=1,
        model=HAIKU,
        certainty=Certainty.UNKNOWN if number % 500 == 0 else Certainty.KNOWN,
        bound_nanousd=9,
        cost_nanousd=5,
        price={},
        lease_until=call.created_at,
        opened_at=call.created_at,
        settled_at=call.created_at,
        request_id=f"req_{number:08}",
    )


def nodes(plan: dict[str, Any], *, parent: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Each node of a plan with its parent's type."""
    yield plan, parent
    for inner in plan.get("Plans", []):
        yield from nodes(inner, parent=plan["Node Type"])


def look(search: CallSearch) -> None:
    """One page of the list, and its count."""
    calls = find(search).calls
    list(calls.select_related("by")[:50])
    calls.order_by().values("pk")[:1_001].count()


def read_whole(ask: Callable[[], object]) -> list[str]:
    """What the queries of `ask` read from end to end."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    found = []
    for query in captured.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + query["sql"].replace("%", "%%"), [])
            said = cursor.fetchone()[0]
        (root,) = json.loads(said) if isinstance(said, str) else said
        found += [str(node) for node, parent in nodes(root["Plan"]) if _is_whole(node, parent)]
    return found


def _is_whole(node: dict[str, Any], parent: str) -> bool:
    """A bitmap is bounded by the index below it; the end of an index is read until there is enough."""
    is_scan = "Scan" in node["Node Type"] and node["Node Type"] != "Bitmap Heap Scan"
    is_big = node.get("Relation Name", "triage_call") in BIG
    is_bounded = "Index Cond" in node or (parent == "Limit" and "Filter" not in node)
    return is_scan and is_big and not is_bounded and node.get("Index Name") not in PARTIAL


def test_no_search_reads_the_ledger_whole(ledger: int) -> None:
    searches = [CallSearch(**fields) for fields in SEARCHES]
    here = [replace(each, batch_id=ledger) if each.batch_id else each for each in searches]

    assert {each: found for each in here if (found := read_whole(partial(look, each)))} == {}


def test_what_surrounds_a_call_is_found_through_an_index(ledger: int) -> None:
    call = Call.objects.get(about_id="7")
    Call.objects.filter(pk=call.pk).update(obtained=Obtained.STORED, finished_at=NOON)
    call.refresh_from_db()

    for ask in (attempts_of, neighbours, equal_calls):
        assert read_whole(partial(ask, call)) == []


@pytest.mark.parametrize("fields", DESCRIBED, ids=str)
def test_what_has_no_index_is_refused_for_more_than_a_week(fields: dict[str, Any]) -> None:
    with pytest.raises(RangeTooLong, match="at most 7 days"):
        find(CallSearch(**MONTH, **fields))


def test_the_newest_calls_are_read_from_the_end_of_the_key(ledger: int) -> None:
    (root,) = json.loads(find(CallSearch()).calls[:50].explain(format="json"))

    scans = [node for node, _ in nodes(root["Plan"]) if "Index Name" in node]

    assert [(node["Index Name"], node["Scan Direction"]) for node in scans] == [
        ("triage_call_pkey", "Backward")
    ]
