"""How often triage was right: of the newest that people judged, per label and per band of confidence."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from triage.models import Channel, Decision, Field, FieldDecision, State, Ticket, Triage
from triage.selectors import track_record as selector
from triage.selectors.track_record import TrackRecord, track_record, track_records

START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def judge(
    count: int,
    *,
    by: User,
    right: int,
    label: str = "refund",
    confidence: float = 0.9,
    day: int = 0,
) -> None:
    """That many decisions which a person judged on that day, the first of them right."""
    row = {"description": "x", "original_characters": 1, "channel": Channel.API}
    many = Ticket.objects.bulk_create(Ticket(**row) for _ in range(count))
    runs = Triage.objects.bulk_create(
        Triage(ticket=ticket, state=State.DONE, stage="classify", finished_at=START)
        for ticket in many
    )
    FieldDecision.objects.bulk_create(
        FieldDecision(
            triage=run,
            field=Field.LABEL,
            value=label,
            confidence=confidence,
            threshold=0.85,
            decision=Decision.SUGGESTED,
            corrected_to=label if number < right else "other",
            corrected_by=by,
            corrected_at=START + timedelta(days=day, seconds=number),
        )
        for number, run in enumerate(runs)
    )


def test_a_record_counts_how_many_were_found_right(alice: User) -> None:
    judge(8, right=6, by=alice)

    assert track_record("refund", 0.93) == TrackRecord(right=6, judged=8, low=0.85, high=0.95)


def test_fewer_than_five_are_no_record(alice: User) -> None:
    judge(4, right=4, by=alice)

    assert track_record("refund", 0.9) is None


def test_what_nobody_judged_does_not_count(alice: User) -> None:
    judge(5, right=5, by=alice)
    judge(3, right=0, by=alice, day=1)
    nothing = {"corrected_to": "", "corrected_by": None, "corrected_at": None}
    FieldDecision.objects.filter(corrected_to="other").update(**nothing)

    assert track_record("refund", 0.9) == TrackRecord(right=5, judged=5, low=0.85, high=0.95)


def test_only_the_last_fifty_count(alice: User) -> None:
    judge(60, right=0, by=alice, day=0)
    judge(50, right=50, by=alice, day=1)

    assert track_record("refund", 0.9) == TrackRecord(right=50, judged=50, low=0.85, high=0.95)


def test_other_labels_and_other_confidences_have_records_of_their_own(alice: User) -> None:
    judge(5, right=5, by=alice)
    judge(5, right=1, by=alice, confidence=0.96)
    judge(5, right=2, by=alice, label="login")

    found = track_records([("refund", 0.9), ("refund", 0.99), ("login", 0.9), ("login", 0.2)])

    assert {pair: record.right for pair, record in found.items()} == {
        ("refund", 0.9): 5,
        ("refund", 0.99): 1,
        ("login", 0.9): 2,
    }


@pytest.mark.parametrize(
    ("confidence", "band"),
    [
        (0.0, (0.0, 0.5)),
        (0.49, (0.0, 0.5)),
        (0.5, (0.5, 0.7)),
        (0.7, (0.7, 0.85)),
        (0.85, (0.85, 0.95)),
        (0.95, (0.95, 1.0)),
        (1.0, (0.95, 1.0)),
    ],
)
def test_a_band_begins_with_its_lower_bound(
    confidence: float, band: tuple[float, float], alice: User
) -> None:
    judge(5, right=3, by=alice, confidence=confidence)

    record = track_record("refund", confidence)

    assert record == TrackRecord(3, 5, *band)


def test_a_decision_without_confidence_is_in_no_band(alice: User) -> None:
    judge(5, right=5, by=alice)
    FieldDecision.objects.update(confidence=None)

    assert track_record("refund", 0.2) is None


def test_a_page_of_labels_costs_one_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    judge(5, right=5, by=alice)

    with django_assert_num_queries(1):
        track_records([(f"label-{number}", 0.9) for number in range(50)] + [("refund", 0.9)])

    with django_assert_num_queries(0):
        assert track_records([]) == {}


def test_the_index_of_what_was_judged_is_read_and_no_more_of_it_than_a_bound(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "LOOKED_AT_PER_LABEL", 20)
    judge(500, right=500, by=alice)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE triage_fielddecision")
        plan = _plan_of_a_look(cursor)

    assert "field_decision_judged" in plan
    assert "Seq Scan" not in plan
    record = track_record("refund", 0.9)
    assert record is not None
    assert record.judged == 20


def _plan_of_a_look(cursor: object) -> str:
    given = {
        "slugs": ["refund", "login"],
        "lows": [low for low, _ in selector.BANDS],
        "field": "label",
        "looked_at": 20,
        "at_most": 50,
    }
    cursor.execute("EXPLAIN " + selector.JUDGED, given)  # type: ignore[attr-defined]
    return "\n".join(row[0] for row in cursor.fetchall())  # type: ignore[attr-defined]
