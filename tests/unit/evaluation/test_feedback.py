"""Whose word may teach: bursts, lone voices and too much of one person are held back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from triage.selectors.intervals import Share
from triage.services.evaluation.learning.feedback import (
    HALF,
    TRUSTED_FROM,
    Opinion,
    Why,
    screen,
    trust,
    weight_of,
)

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
ALICE, CAROL = 1, 2


def opinion(number: int = 1, **changes: Any) -> Opinion:
    """Alice's word on a ticket of its own, on a day of its own."""
    values: dict[str, Any] = {
        "ticket_id": number,
        "text": f"Ticket {chr(97 + number % 26)}{chr(97 + number // 26 % 26)}{chr(97 + number // 676)}",
        "label": "refund",
        "before": "login",
        "by_id": ALICE,
        "is_admin": False,
        "at": MONDAY + timedelta(days=number),
        "is_seconded": False,
    }
    return Opinion(**(values | changes))


@pytest.mark.parametrize(
    ("agreement", "is_trusted"),
    [
        (Share(0, 0), False),
        (Share(12, 12), False),
        (Share(13, 13), True),
        (Share(60, 70), False),
        (Share(95, 100), True),
    ],
)
def test_trust_is_what_audits_prove_of_a_person(agreement: Share, is_trusted: bool) -> None:
    assert (trust(agreement) >= TRUSTED_FROM) is is_trusted


def test_a_lone_word_counts_half_until_somebody_stands_behind_it() -> None:
    lone, seconded, admins = (
        opinion(1),
        opinion(2, is_seconded=True),
        opinion(3, is_admin=True),
    )

    assert [weight_of(each, {}) for each in (lone, seconded, admins)] == [HALF, 1, 1]
    assert weight_of(lone, {lone.by_id: Share(13, 13)}) == 1
    assert screen([lone]).kept == (lone,)


def test_a_burst_of_the_same_text_is_left_out_as_a_whole() -> None:
    same = [opinion(n, text=f"Order {n} is late", at=MONDAY) for n in range(5)]
    other = opinion(9)

    screened = screen([*same, other])

    assert screened.kept == (other,)
    assert screened.left_out == {Why.BURST_OF_TEXT: 5}


def test_a_burst_of_the_same_two_labels_is_left_out_as_a_whole() -> None:
    burst = [opinion(n, at=MONDAY + timedelta(minutes=n)) for n in range(20)]

    screened = screen(burst)

    assert screened.kept == ()
    assert screened.left_out == {Why.BURST_OF_PAIR: 20}


def test_what_others_stand_behind_is_no_burst() -> None:
    seconded = [opinion(n, at=MONDAY, is_seconded=True) for n in range(30)]

    assert screen(seconded).kept == tuple(seconded)


def test_one_person_adds_two_percent_of_a_label_in_a_day_and_one_at_least() -> None:
    base = [opinion(n, is_seconded=True) for n in range(100)]
    same_day = [opinion(200 + n, before=f"label {n}", at=MONDAY) for n in range(10)]

    screened = screen([*base, *same_day])

    # 110 words on the label: 2 % are 2.
    assert len(screened.kept) == 102
    assert screened.left_out == {Why.TOO_MUCH: 8}


def test_two_people_add_twice_as_much() -> None:
    day = [
        opinion(n, before=f"label {n}", at=MONDAY, by_id=(ALICE, CAROL)[n % 2]) for n in range(10)
    ]

    screened = screen(day)

    assert {each.by_id for each in screened.kept} == {ALICE, CAROL}
    assert len(screened.kept) == 2
