"""The tables on reliability: what failed and how, how replies were come by, what waits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.web_cases import add_ticket
from triage.models import Certainty, Feature, Obtained, Tally, Triage
from triage.models.rollups import Grain, Subject
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.reports.failures import Failure
from triage.selectors.tables import About, Asked, Table
from triage.services import rollups

DAYS = Period(NOON.date(), NOON.date())


def built(name: str, **asked: Any) -> Table:
    return REPORTS[f"health-{name}"].build(Asked(DAYS, **asked))


def add_tally(subject: Subject, value: str, number: int, **fields: Any) -> Tally:
    start = NOON.replace(hour=0)
    given = {"feature": "draft", "model": SONNET, "cost_nanousd": 0, "tokens": 0} | fields
    return Tally.objects.create(
        grain=Grain.DAY,
        starts_at=start,
        subject=subject,
        value=value,
        number=number,
        first_at=NOON,
        last_at=NOON,
        **given,
    )


def test_failed_requests_are_summed_by_model_and_kind(db: None) -> None:
    call = add_call(obtained=Obtained.RETRY)
    add_attempt(call, 0, certainty=Certainty.NONE, error="overloaded")
    add_attempt(call, 5, number=2, stop_reason="end_turn")
    add_attempt(add_call(obtained=""), 5, stop_reason="max_tokens")
    for error in ("rate_limited", "spend_cap"):
        add_attempt(add_call(obtained=""), 0, model=SONNET, certainty=Certainty.NONE, error=error)
    rollups.refresh()

    table = built("errors")

    # Haiku: 3 requests, 1 overloaded and 1 cut; Sonnet: 2 requests, both a 429.
    assert [row[:4] for row in table.rows] == [
        (HAIKU, Failure.OVERLOADED, 1, 1 / 3),
        (HAIKU, Failure.CUT, 1, 1 / 3),
        (SONNET, Failure.RATE_LIMITED, 2, 1.0),
    ]
    assert table.total == ("All", "", 4, 4 / 5, None)


def test_replies_are_shared_out_by_how_they_were_come_by(db: None) -> None:
    for way in (Obtained.FIRST, Obtained.FIRST, Obtained.FALLBACK):
        add_call(obtained=way)
    add_call(obtained="", error="route_exhausted")
    add_call(Feature.DRAFT, obtained=Obtained.CANNED)
    rollups.refresh()

    table = built("obtained")
    rows = [dict(zip((c.name for c in table.columns), row, strict=True)) for row in table.rows]

    assert [(row["feature"], row["calls"]) for row in rows] == [("classify", 4), ("draft", 1)]
    assert (rows[0]["first"], rows[0]["fallback"], rows[0]["unanswered"]) == (0.5, 0.25, 0.25)
    assert (rows[1]["canned"], rows[1]["unanswered"], rows[1]["running"]) == (1.0, 0.0, 0.0)
    assert sum(share for share in table.rows[0][2:]) == 1


def test_calls_without_an_answer_name_the_reason(db: None) -> None:
    add_call()
    for error in ("route_exhausted", "deadline_exceeded", "deadline_exceeded"):
        add_call(obtained="", error=error)
    rollups.refresh()

    assert built("unanswered").rows == (
        ("classify", Failure.TIMEOUT, 2, 0.5),
        ("classify", Failure.EXHAUSTED, 1, 0.25),
    )


def test_stop_reasons_and_streams_are_shares_of_what_ended_so(db: None) -> None:
    add_tally(Subject.STOP_REASON, "end_turn", 3)
    add_tally(Subject.STOP_REASON, "refusal", 1)
    add_tally(Subject.STREAM, "complete", 3)
    add_tally(Subject.STREAM, "stream_stalled", 1)

    stops, streams = built("stop-reasons"), built("streams", feature=Feature.CLASSIFY)

    assert [row[1:] for row in stops.rows] == [
        ("end_turn", "Complete", 3, 0.75),
        ("refusal", Failure.REFUSAL, 1, 0.25),
    ]
    assert [row[:4] for row in streams.rows] == [
        ("complete", "Came to its end", 3, 0.75),
        ("stream_stalled", Failure.TIMEOUT, 1, 0.25),
    ]


def test_tables_heed_the_days_the_feature_and_the_model(db: None) -> None:
    yesterday = NOON - timedelta(days=1)
    for at in (yesterday, NOON):
        add_attempt(add_call(at=at), 0, at=at, certainty=Certainty.NONE, error="timeout")
    rollups.refresh()

    assert built("errors").rows[0][2] == 1
    assert built("errors", feature=Feature.DRAFT).rows == ()
    assert built("errors", model=SONNET).rows == ()
    assert built("errors", feature=Feature.CLASSIFY, model=HAIKU).rows[0][2] == 1


def test_limits_are_those_that_the_newest_answer_told(db: None) -> None:
    now = timezone.now()
    old, new = (
        {
            "requests-limit": "1000",
            "requests-remaining": left,
            "requests-reset": "2026-11-10T12:01:00Z",
        }
        for left in ("100", "250")
    )
    add_attempt(add_call(), 5, at=now - timedelta(minutes=2), rate_limits=old)
    add_attempt(add_call(), 5, at=now - timedelta(minutes=1), rate_limits=new)
    add_attempt(add_call(), 5, at=now, rate_limits={})
    add_attempt(add_call(), 5, model=SONNET, at=now, rate_limits={"requests-limit": "many"})

    rows = built("models").rows

    resets_at = datetime(2026, 11, 10, 12, 1, tzinfo=UTC)
    assert [row[:6] for row in rows] == [(HAIKU, "requests", 250, 1000, 0.25, resets_at)]


def test_an_unsure_cost_lies_between_two_sums(db: None) -> None:
    earlier = NOON - timedelta(days=40)
    add_attempt(add_call(), 3_000_000, at=earlier, certainty=Certainty.UNKNOWN, error="timeout")
    add_attempt(add_call(), 2_000_000, certainty=Certainty.UNKNOWN, error="owner_lost")
    add_attempt(add_call(), 400_000, certainty=Certainty.LOWER_BOUND)  # its bound is 1,000,000
    add_attempt(add_call(), 7)
    rollups.refresh()

    table = built("unsure")

    assert [(row[2], row[3], row[4]) for row in table.rows] == [
        (1, 400_000, 1_000_000),
        (2, 0, 5_000_000),
    ]
    assert table.rows[1][5] == earlier
    calls = About("admin:triage_call_changelist", query=(("certainty", "unknown"),))
    assert table.abouts[1] == calls
    assert table.total == ("All", "", 3, 400_000, 6_000_000, None)


def test_what_waits_is_counted_by_state_with_its_age(db: None) -> None:
    for _ in range(2):
        add_ticket()
    due = timezone.now() - timedelta(minutes=7)
    Triage.objects.filter(pk=Triage.objects.earliest("pk").pk).update(due_at=due)

    [row] = built("queue").rows

    assert row[:4] == ("triage", "Waits for a worker", 2, due)
    assert 420 <= row[4] <= 430


@time_machine.travel(NOON, tick=False)
def test_the_last_24_hours_end_with_the_one_under_way(db: None) -> None:
    add_attempt(add_call(), 0, certainty=Certainty.NONE, error="timeout")
    add_attempt(add_call(), 5)
    add_attempt(add_call(), 5, at=NOON - timedelta(hours=24))
    rollups.refresh()

    rows = built("hours").rows

    assert [row[1] for row in rows] == [0] * 23 + [2]
    assert rows[-1] == (NOON, 2, 1, 0.5)


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("errors", 2),
        ("obtained", 2),
        ("unanswered", 2),
        ("stop-reasons", 1),
        ("streams", 1),
        ("models", 1),
        ("unsure", 1),
        ("queue", 2),
        ("hours", 1),
    ],
)
def test_a_table_takes_few_queries(
    name: str, queries: int, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        add_attempt(
            add_call(list(Feature)[number]), 5, error="timeout", certainty=Certainty.UNKNOWN
        )
        add_ticket()

    with django_assert_num_queries(queries):
        built(name)
