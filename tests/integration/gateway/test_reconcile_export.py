"""Reconciling with sums per minute, where nothing names a request."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.integration.gateway.reconcile_cases import (
    BOUND,
    add_attempt,
    after,
    cost_of,
    export,
    minute,
    now,
    tokens,
)
from triage.models import Attempt, Certainty
from triage.services.gateway.catalog import SONNET
from triage.types import Usage

UNKNOWN = Certainty.UNKNOWN
SMALL, BIG, BOTH = tokens(100, 10), tokens(3_000, 200), tokens(3_100, 210)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_minutes_sum_is_that_of_its_attempts() -> None:
    add_attempt(10, usage=SMALL)
    add_attempt(20, usage=BIG)

    report, notes = export(minute(0, BOTH))

    assert notes == []
    assert report.compared == 2
    assert report.ledger_nanousd == report.account_nanousd == cost_of(BOTH)


def test_an_attempt_across_two_minutes_may_be_counted_in_either() -> None:
    add_attempt(10, usage=SMALL)
    add_attempt(58, usage=BIG, lasted=8)

    assert export(minute(0, BOTH))[0].agrees
    assert export(minute(0, SMALL), minute(1, BIG))[0].agrees
    assert not export(minute(0, SMALL), minute(2, BIG))[0].agrees


def test_every_class_and_model_is_compared_for_itself() -> None:
    add_attempt(10, usage=SMALL)

    report, notes = export(
        minute(0, Usage(uncached_input_tokens=100, cache_read_tokens=10)),
        minute(0, SMALL, model=SONNET),
    )

    assert report.differences == 2
    assert "10 cache read, -10 output tokens" in notes[0]
    assert f"billed without a row: {SONNET} in the minute 2026-11-10 12:00 UTC" in notes[1]


def test_what_is_left_over_is_the_one_unknown_attempts() -> None:
    add_attempt(10, usage=SMALL)
    unknown = add_attempt(20, certainty=UNKNOWN)
    elsewhere = add_attempt(1_000, certainty=UNKNOWN)

    report, notes = export(minute(0, BOTH))

    assert notes == []
    assert now([unknown, elsewhere]) == [("known", cost_of(BIG)), ("none", 0)]
    assert Attempt.objects.get(pk=unknown.pk).output_tokens == 200
    assert report.difference_nanousd == 0


def test_what_is_left_over_must_fit_the_attempt() -> None:
    unknown = add_attempt(20, certainty=UNKNOWN, bound=20_000)

    report, _ = export(minute(0, BIG))

    assert (report.differences, report.unsure) == (1, 1)
    assert now([unknown]) == [("unknown", 20_000)]


def test_nothing_left_over_means_that_none_was_billed() -> None:
    add_attempt(10, usage=SMALL)
    unknown = [add_attempt(20 + n, certainty=UNKNOWN) for n in range(3)]

    export(minute(0, SMALL))

    assert now(unknown) == [("none", 0)] * 3


def test_between_several_it_stays_unsure_within_a_bracket() -> None:
    unknown = [add_attempt(20 + n, certainty=UNKNOWN) for n in range(2)]

    report, notes = export(minute(0, SMALL))

    assert notes == []
    assert (report.unsure, report.unsure_low, report.unsure_high) == (2, 0, 2 * BOUND)
    assert report.difference_nanousd == 15_000
    assert now(unknown) == [("unknown", BOUND)] * 2


def test_more_than_the_bracket_holds_is_a_difference() -> None:
    for second in (20, 21):
        add_attempt(second, certainty=UNKNOWN, bound=5_000)

    assert export(minute(0, SMALL))[0].differences == 1


def test_a_batch_is_compared_apart_at_half_the_price() -> None:
    unknown = add_attempt(20, certainty=UNKNOWN)

    report, _ = export(minute(0, SMALL, is_batch=True))

    assert report.account_nanousd == cost_of(SMALL) // 2
    assert report.differences == 1
    assert now([unknown]) == [("none", 0)]


def test_attempts_at_the_edge_of_the_range_are_not_judged() -> None:
    add_attempt(58, usage=SMALL, lasted=10)
    inner = add_attempt(130, usage=BIG)

    report, notes = export(minute(0, SMALL), minute(2, BIG), since=after(60))

    assert notes == []
    assert (report.compared, report.ledger_nanousd) == (1, cost_of(BIG))
    assert now([inner]) == [("known", cost_of(BIG))]


def test_a_second_run_changes_nothing() -> None:
    add_attempt(10, usage=SMALL)
    unknown = add_attempt(20, certainty=UNKNOWN)
    export(minute(0, BOTH))

    again, notes = export(minute(0, BOTH))

    assert (again.resolved, again.compared, notes) == (0, 2, [])
    assert now([unknown]) == [("known", cost_of(BIG))]


def test_the_command_reads_a_file_and_names_what_is_wrong_with_it(tmp_path: Path) -> None:
    good, bad = tmp_path / "usage.csv", tmp_path / "bad.csv"
    header = "starting_at,model,uncached_input_tokens,output_tokens\n"
    good.write_text(f"{header}2026-11-10T12:00:00Z,claude-haiku-5-5,100,10\n")
    bad.write_text(f"{header}2026-11-10T12:00:30Z,claude-haiku-5-5,100,10\n")
    add_attempt(10, usage=SMALL)

    call_command("reconcile", usage=good)

    with pytest.raises(CommandError, match=r"bad.csv: line 2: .* is not a minute"):
        call_command("reconcile", usage=bad)
