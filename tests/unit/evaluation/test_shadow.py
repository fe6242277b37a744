"""What a shadow proves against a challenger, and how long it waits for tickets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from triage.services.evaluation.learning.shadow import (
    DAY,
    SHADOW_TICKETS,
    Outcome,
    Seen,
    Shadow,
    judge,
    read,
)
from triage.services.statistics.thresholds import Promise

BEGAN = datetime(2026, 11, 16, 2, 43, tzinfo=UTC)
BEGUN = Shadow(since=BEGAN.isoformat())
TWO_PERCENT = Promise(0.02, 0.05)


def seen(number: int, **changes: Any) -> list[Seen]:
    """So many tickets that Claude calls billing, as both models do; the challenger would have answered them alone."""
    values: dict[str, Any] = {
        "stands": "billing",
        "challenger": "billing",
        "champion": "billing",
        "is_alone": True,
        "is_champion_alone": False,
    }
    return [Seen(**(values | changes))] * number


def judged(
    tickets: Sequence[Seen], *, days: float = 1, has_thresholds: bool = True, kept: Shadow = BEGUN
) -> Shadow:
    now = BEGAN + timedelta(days=days)
    return judge(kept, tickets, now=now, promise=TWO_PERCENT, has_thresholds=has_thresholds)


def test_a_challenger_that_says_what_stands_passes() -> None:
    found = judged([*seen(30), *seen(10, stands="", is_champion_alone=True)])

    assert (found.outcome, found.is_enough) == (Outcome.PASSED, True)
    assert found.words == (
        "In its shadow on 40 tickets it would have answered 100.0 % alone, the champion 25.0 %.",
        "Of 30 that Claude or an audit has labelled it alone names that label on 0, the champion alone on 0, neither on 0"
        " (p = 1.000).",
        "Of 30 of these that it would have answered alone 0 stand otherwise.",
        "Nothing in its shadow speaks against it.",
    )


def test_one_that_is_significantly_worse_than_the_champion_is_held_back() -> None:
    """Of 6 on which they differ none is its own: p = 2 / 2^6 = 0.031; of 5, 0.063."""
    worse = seen(6, challenger="login", is_alone=False)

    found, unproven = judged([*seen(30), *worse]), judged([*seen(30), *worse[:5]])

    assert (found.outcome, found.p_value) == (Outcome.FAILED, 2 / 2**6)
    assert "right less often than the champion (p = 0.031)" in found.words[-1]
    assert unproven.outcome is Outcome.PASSED


def test_one_that_is_significantly_better_is_not() -> None:
    found = judged([*seen(30), *seen(6, champion="login")])

    assert (found.outcome, found.only_challenger, found.p_value) == (Outcome.PASSED, 6, 2 / 2**6)


def test_one_that_would_break_the_promise_is_held_back_however_wrong_the_champion_was() -> None:
    """Of 40 answers 2 wrong may be chance at 2 %; 4 are not: the lower bound at 95 % is 3.5 %."""
    wrong = seen(4, challenger="login", champion="login")

    found, unproven = judged([*seen(36), *wrong]), judged([*seen(38), *wrong[:2]])

    assert (found.outcome, found.neither, found.wrong) == (Outcome.FAILED, 4, 4)
    assert "at least 3.5 % stand otherwise" in found.words[-1]
    assert unproven.outcome is Outcome.PASSED


def test_what_stands_by_a_local_models_word_proves_nothing() -> None:
    found = judged([*seen(30), *seen(20, stands="", challenger="login")])

    assert (found.outcome, found.labelled, found.wrong) == (Outcome.PASSED, 30, 0)


def test_with_too_few_tickets_it_goes_on_and_after_a_week_passes_saying_so() -> None:
    few = [*seen(SHADOW_TICKETS - 1), *seen(100, is_alone=False)]

    first, seventh = judged(few), judged(few, days=7)

    assert (first.outcome, first.is_enough) == (Outcome.GOES_ON, False)
    assert "There are 29 of 30 tickets to judge it by: the shadow goes on" in first.words[-1]
    assert (seventh.outcome, seventh.is_enough) == (Outcome.PASSED, False)
    assert "it passes on the release gate alone" in seventh.words[-1]


def test_few_tickets_that_speak_against_it_wait_for_more_and_after_a_week_hold_it_back() -> None:
    bad = seen(10, challenger="login")

    assert judged(bad).outcome is Outcome.GOES_ON
    assert judged(bad, days=7).outcome is Outcome.FAILED


def test_beside_a_champion_that_answers_alone_only_what_was_drawn_counts_as_answered() -> None:
    begun = replace(BEGUN, is_local_on=True)
    tickets = [*seen(29, is_drawn=True), *seen(50, challenger="login", champion="login")]

    few = judged(tickets, kept=begun)
    enough = judged([*tickets, *seen(1, is_drawn=True)], kept=begun)

    assert (few.outcome, few.answered, few.wrong) == (Outcome.GOES_ON, 29, 0)
    assert "29 of 30 tickets, drawn at random, to judge it by" in few.words[-1]
    assert (enough.outcome, enough.neither) == (Outcome.PASSED, 50)


@pytest.mark.parametrize("label", ["billing", "login"])
def test_after_a_failure_beside_this_champion_it_waits_for_enough_however_long(label: str) -> None:
    begun = replace(BEGUN, is_after_failure=True)

    few = judged(seen(29, challenger=label), kept=begun, days=40)
    enough = judged(seen(30, challenger=label), kept=begun, days=40)

    assert few.outcome is Outcome.GOES_ON
    assert "until there are enough, or a person promotes it" in few.words[-1]
    assert enough.outcome is (Outcome.PASSED if label == "billing" else Outcome.FAILED)


def test_one_that_answers_nothing_alone_is_judged_by_all_that_somebody_else_labelled() -> None:
    tickets = seen(SHADOW_TICKETS, is_alone=False)

    assert judged(tickets, has_thresholds=False).outcome is Outcome.PASSED
    assert judged(tickets).outcome is Outcome.GOES_ON


def test_a_week_without_a_ticket_says_so() -> None:
    found = judged([], days=7)

    assert found.outcome is Outcome.PASSED
    assert found.words == (
        "A week brought only 0 of 30 tickets to judge it by: it passes on the release gate alone.",
    )


@pytest.mark.parametrize("name", ["is_cut", "is_simulated"])
def test_what_was_cut_or_simulated_is_called_so(name: str) -> None:
    begun = read(BEGUN.as_json() | {name: True})

    found = judge(begun, seen(30), now=BEGAN + DAY, promise=TWO_PERCENT, has_thresholds=True)

    said = {"is_cut": "there were more", "is_simulated": "labels are simulated"}
    assert said[name] in " ".join(found.words)


def test_what_is_kept_reads_the_same() -> None:
    found = judged(seen(30))

    assert read(found.as_json()) == found
