"""What each rule reads, and from where on it is over."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.alerts.cases import (
    FULL_HOUR,
    NOW,
    THIS_HOUR,
    answers_of,
    attempts_of,
    costs_of,
    errors_of,
    judged_of,
    latencies_of,
    read,
)
from tests.integration.web_cases import add_ticket
from triage.models import AlertKind, Budget, Certainty, Period, RollupState, Scope, Triage
from triage.services import rollups
from triage.services.alerts.rules import RULES

TEN_SECONDS = 235  # the bucket up to 10.06 s: 1.04 ** 235 ms
pytestmark = pytest.mark.django_db


def test_a_day_that_costs_half_as_much_again_as_usual_is_over() -> None:
    for days_ago in range(1, 8):
        costs_of(days_ago, 2)
    costs_of(0, 3.01)  # the limit is 1.5 × $2

    (found,) = read(AlertKind.COST_DAY).values()

    assert (found.value, found.limit, found.is_over) == (3.01, 3.0, True)
    assert "$3.01 so far, over a limit of $3.00" in found.text
    assert "$2.00 on the mean" in found.text


def test_a_cheap_day_is_never_over_a_dollar_s_limit() -> None:
    costs_of(1, 0.07)
    costs_of(0, 0.99)

    (found,) = read(AlertKind.COST_DAY).values()

    assert (found.limit, found.is_over) == (1.0, False)


def test_an_admin_s_limit_of_a_day_stands_in_for_the_usual_one() -> None:
    costs_of(0, 0.5)

    (found,) = read(AlertKind.COST_DAY, limit=0.4).values()

    assert (found.limit, found.is_over) == (0.4, True)


def test_a_month_that_will_cost_more_than_its_budget_is_over() -> None:
    """9.5 days have cost $2 + $2.8, noon on the tenth and 30 minutes: 4.8 × 30 / 9.5208 = $15.12."""
    Budget.objects.create(scope=Scope.INSTALLATION, period=Period.MONTH, hard_nanousd=15 * 10**9)
    costs_of(3, 2)
    costs_of(0, 2.8)
    costs_of(20, 50)  # another month's

    (found,) = read(AlertKind.COST_FORECAST).values()

    assert found.value == pytest.approx(15.1247, abs=0.001)
    assert found.is_over
    assert "$4.80 so far and will come to $15.12" in found.text


def test_without_a_budget_or_on_the_first_day_there_is_no_forecast() -> None:
    costs_of(3, 2)

    (unlimited,) = read(AlertKind.COST_FORECAST).values()
    (too_early,) = read(AlertKind.COST_FORECAST, NOON.replace(day=1), limit=1.0).values()

    assert (unlimited.value, too_early.value) == (None, None)
    assert not unlimited.is_over


@pytest.mark.parametrize(
    ("cut", "whole", "is_over"), [(3, 300, True), (2, 20, False), (3, 400, False), (0, 0, False)]
)
def test_cut_answers_count_from_three_and_one_percent_on(
    cut: int, whole: int, is_over: bool
) -> None:
    answers_of(FULL_HOUR, max_tokens=cut, end_turn=whole - cut)

    (found,) = read(AlertKind.ANSWERS_CUT).values()

    assert found.is_over is is_over


def test_a_feature_is_slow_where_one_request_in_twenty_takes_longer_than_ten_seconds() -> None:
    latencies_of(FULL_HOUR, {100: 18, TEN_SECONDS + 1: 2})
    latencies_of(FULL_HOUR, {100: 19, TEN_SECONDS + 1: 1}, feature="escalate")
    latencies_of(FULL_HOUR, {TEN_SECONDS + 1: 19}, feature="draft")  # too few to tell

    found = read(AlertKind.SLOW)

    assert {scope: each.is_over for scope, each in found.items()} == {
        "classify": True,
        "escalate": False,
        "draft": False,
    }
    assert "Classify: one request in twenty took longer than 10." in found["classify"].text


@pytest.mark.parametrize(
    ("errors", "attempts", "is_over"), [(2, 100, True), (1, 100, False), (50, 99, False)]
)
def test_errors_count_above_one_percent_of_a_hundred_requests(
    errors: int, attempts: int, is_over: bool
) -> None:
    attempts_of(FULL_HOUR, attempts=attempts, errors=errors)

    (found,) = read(AlertKind.ERROR_RATE).values()

    assert found.is_over is is_over


def test_the_commonest_errors_are_named() -> None:
    attempts_of(FULL_HOUR, attempts=200, errors=12)
    errors_of(FULL_HOUR, rate_limited=2, overloaded=9, upstream_silent=1)

    (found,) = read(AlertKind.ERROR_RATE).values()

    assert "12 of 200 requests to Claude since 11:00 UTC failed (6.0 %)" in found.text
    assert found.text.endswith(": overloaded 9, rate limited 2, upstream silent 1.")


def test_the_hour_that_runs_counts_alone_once_it_holds_enough() -> None:
    attempts_of(FULL_HOUR, attempts=100, errors=100)
    attempts_of(THIS_HOUR, attempts=100, errors=0)

    (found,) = read(AlertKind.ERROR_RATE).values()

    assert found.value == 0


def test_an_hour_with_too_little_counts_with_the_one_before() -> None:
    attempts_of(FULL_HOUR, attempts=100, errors=4)
    attempts_of(THIS_HOUR, attempts=60, errors=0)
    attempts_of(FULL_HOUR - timedelta(hours=1), attempts=900, errors=0)  # too long ago

    (found,) = read(AlertKind.ERROR_RATE).values()

    assert found.value == 2.5


def test_a_model_that_reads_less_than_half_from_the_cache_is_over() -> None:
    """Haiku: 490 ÷ (490 + 200 + 10 + 300) = 49 %; Sonnet: 50 %."""
    attempts_of(
        FULL_HOUR,
        attempts=51,
        errors=1,
        cache_read_tokens=490,
        cache_write_5m_tokens=200,
        cache_write_1h_tokens=10,
        uncacheable_tokens=300,
    )
    attempts_of(FULL_HOUR, model=SONNET, attempts=50, cache_read_tokens=5, uncacheable_tokens=5)

    found = read(AlertKind.CACHE_MISSES)

    assert {model: each.value for model, each in found.items()} == {HAIKU: 49.0, SONNET: 50.0}
    assert {model: each.is_over for model, each in found.items()} == {HAIKU: True, SONNET: False}
    assert "Haiku 5.5 read 49.0 % of its input from the prompt cache" in found[HAIKU].text


def test_few_requests_say_nothing_about_the_cache() -> None:
    attempts_of(FULL_HOUR, attempts=60, errors=11, uncacheable_tokens=300)

    assert not read(AlertKind.CACHE_MISSES)[HAIKU].is_over


def test_unknown_costs_count_from_an_hour_on() -> None:
    call = add_call()
    add_attempt(call, 1, certainty=Certainty.UNKNOWN, at=NOW - timedelta(minutes=61))
    add_attempt(call, 1, number=2, certainty=Certainty.UNKNOWN, at=NOW - timedelta(minutes=59))
    add_attempt(call, 1, number=3, certainty=Certainty.LOWER_BOUND, at=NOW - timedelta(hours=9))

    (found,) = read(AlertKind.LEDGER_UNSURE).values()

    assert (found.value, found.is_over) == (1, True)


def test_a_ticket_that_waits_longer_than_ten_minutes_is_over() -> None:
    add_ticket()
    now = timezone.now()
    Triage.objects.update(due_at=now - timedelta(minutes=11))

    (late,) = read(AlertKind.QUEUE_AGE, now).values()
    (in_time,) = read(AlertKind.QUEUE_AGE, now - timedelta(minutes=2)).values()
    (none,) = read(AlertKind.QUEUE_AGE, now - timedelta(hours=1)).values()

    assert (late.is_over, in_time.is_over, none.value) == (True, False, None)
    assert "11 minutes ago" in late.text


@pytest.mark.parametrize(
    ("wrong", "judged", "wrong_before", "judged_before", "is_over"),
    [
        (30, 100, 40, 400, True),  # 30 % after 10 %: z = 5.2
        (14, 100, 40, 400, False),  # four points more
        (9, 50, 6, 50, False),  # six points more, z = 0.8: chance explains it
        (30, 49, 40, 400, False),  # too few
    ],
)
def test_a_drift_counts_where_chance_does_not_explain_it(
    wrong: int, judged: int, wrong_before: int, judged_before: int, is_over: bool
) -> None:
    judged_of(6, judged=judged, wrong=wrong)
    judged_of(7, judged=judged_before // 2, wrong=wrong_before // 2)
    judged_of(34, judged=judged_before - judged_before // 2, wrong=wrong_before - wrong_before // 2)
    judged_of(35, judged=900, wrong=900)  # too long ago

    (found,) = read(AlertKind.CORRECTIONS_DRIFT).values()

    assert found.is_over is is_over


def test_figures_are_old_after_ten_minutes() -> None:
    (never,) = read(AlertKind.ROLLUPS_OLD).values()
    RollupState.objects.update_or_create(
        id=1, defaults={"refreshed_at": NOW - timedelta(minutes=11)}
    )
    (old,) = read(AlertKind.ROLLUPS_OLD).values()

    assert (never.is_over, old.is_over) == (False, True)


def test_the_rules_read_what_the_rollups_write() -> None:
    for second in range(110):
        error = "overloaded" if second % 50 == 0 else ""
        at = NOON + timedelta(seconds=second)
        add_attempt(add_call(at=at), 5, at=at, latency_ms=20_000, error=error)
    rollups.refresh()

    (errors,) = read(AlertKind.ERROR_RATE).values()
    slow = read(AlertKind.SLOW)["classify"]

    assert errors.value == pytest.approx(100 * 3 / 110)
    assert "overloaded 3" in errors.text
    assert slow.value == pytest.approx(20, rel=0.02)


def test_with_no_data_nothing_is_over() -> None:
    found = [reading for kind in RULES for reading in read(kind).values()]

    assert not any(reading.is_over for reading in found)


@pytest.mark.parametrize("kind", RULES)
def test_a_rule_takes_three_queries_at_most(
    kind: AlertKind, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    attempts_of(FULL_HOUR, attempts=200, errors=100)

    with django_assert_max_num_queries(3):
        read(kind)
