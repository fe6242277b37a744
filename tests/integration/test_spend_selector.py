"""What the spend report adds up, checked by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import Certainty, Feature, Obtained, Triage
from triage.selectors import spend
from triage.selectors.spend import Period, Unsure
from triage.types import Usage

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))

pytestmark = pytest.mark.django_db


def test_costs_add_up_to_the_nano_dollar() -> None:
    # 142_301 + 99 = 142_400 for classify on Haiku; 9_007_199_254_740_993 is beyond what a float can hold.
    add_attempt(add_call(), 142_301)
    add_attempt(add_call(), 99)
    add_attempt(add_call(Feature.ESCALATE), 9_007_199_254_740_993, model=SONNET)

    report = spend.report(NOVEMBER)

    assert [(row.feature, row.model, row.cost_nanousd) for row in report.rows] == [
        (Feature.CLASSIFY, HAIKU, 142_400),
        (Feature.ESCALATE, SONNET, 9_007_199_254_740_993),
    ]
    assert report.cost_nanousd == 9_007_199_254_883_393


def test_calls_attempts_and_errors_are_counted_apart() -> None:
    retried = add_call(obtained=Obtained.RETRY)
    add_attempt(retried, 0, certainty=Certainty.NONE, error="overloaded")
    add_attempt(retried, 500, number=2)
    failed = add_call(obtained="")
    add_attempt(failed, 0, certainty=Certainty.NONE, error="overloaded")

    report = spend.report(NOVEMBER)

    (row,) = report.rows
    assert (row.calls, row.attempts, row.errors) == (2, 3, 2)
    assert (report.calls, report.unanswered_calls) == (2, 1)


def test_a_call_that_changed_models_counts_with_each_but_once_in_all() -> None:
    call = add_call(Feature.DRAFT)
    add_attempt(call, 0, model=SONNET, certainty=Certainty.NONE, error="overloaded")
    add_attempt(call, 700, number=2, model=HAIKU)

    report = spend.report(NOVEMBER)

    assert [(row.model, row.calls) for row in report.rows] == [(HAIKU, 1), (SONNET, 1)]
    assert report.calls == 1


def test_tokens_keep_their_classes() -> None:
    tokens = Usage(1, 20, 300, 4_000, 50_000)
    for _ in range(2):
        add_attempt(
            add_call(),
            1,
            uncached_input_tokens=tokens.uncached_input_tokens,
            cache_write_5m_tokens=tokens.cache_write_5m_tokens,
            cache_write_1h_tokens=tokens.cache_write_1h_tokens,
            cache_read_tokens=tokens.cache_read_tokens,
            output_tokens=tokens.output_tokens,
        )

    usage = spend.report(NOVEMBER).usage

    assert usage == Usage(2, 40, 600, 8_000, 100_000)
    assert usage.input_tokens == 8_642


def test_percentiles_are_latencies_that_happened() -> None:
    # Of 100, 200 … 2,000 ms: half took at most 1,000 ms, 95 % (19 of 20) at most 1,900 ms.
    for tenths in range(1, 21):
        add_attempt(add_call(), 1, latency_ms=100 * tenths)
    add_attempt(add_call(), 1, certainty=Certainty.OPEN)

    (row,) = spend.report(NOVEMBER).rows

    assert (row.p50_ms, row.p95_ms) == (1_000, 1_900)


def test_a_day_is_a_utc_day_and_the_last_one_counts() -> None:
    midnight = datetime(2026, 11, 10, tzinfo=UTC)
    add_attempt(add_call(), 1, at=midnight - timedelta(microseconds=1))
    add_attempt(add_call(), 20, at=midnight)
    add_attempt(add_call(), 300, at=midnight + timedelta(days=1, microseconds=-1))
    add_attempt(add_call(), 4_000, at=midnight + timedelta(days=1))

    tenth = spend.report(Period(midnight.date(), midnight.date()))
    two_days = spend.report(Period(date(2026, 11, 9), date(2026, 11, 10)))

    assert tenth.cost_nanousd == 320
    assert [day.cost_nanousd for day in two_days.days] == [
        {Feature.CLASSIFY: 1},
        {Feature.CLASSIFY: 320},
    ]


def test_days_show_their_features_and_empty_days_too() -> None:
    add_attempt(add_call(), 5)
    add_attempt(add_call(Feature.DRAFT), 7)

    report = spend.report(Period(date(2026, 11, 9), date(2026, 11, 11)))

    assert [day.cost_nanousd for day in report.days] == [
        {},
        {Feature.CLASSIFY: 5, Feature.DRAFT: 7},
        {},
    ]


def test_what_is_not_sure_is_named_with_its_amount() -> None:
    for cost, certainty in (
        (1_000, Certainty.KNOWN),
        (200, Certainty.UNKNOWN),
        (30, Certainty.UNKNOWN),
        (4, Certainty.LOWER_BOUND),
        (5, Certainty.OPEN),
    ):
        add_attempt(add_call(), cost, certainty=certainty)

    report = spend.report(NOVEMBER)

    assert report.cost_nanousd == 1_239
    assert report.unsure == (
        Unsure(Certainty.UNKNOWN, 2, 230),
        Unsure(Certainty.LOWER_BOUND, 1, 4),
        Unsure(Certainty.OPEN, 1, 5),
    )


def test_reused_replies_are_counted_with_what_they_saved() -> None:
    add_call(obtained=Obtained.STORED, saved_nanousd=150)
    add_call(obtained=Obtained.STORED, saved_nanousd=150)
    add_call(obtained=Obtained.JOINED, saved_nanousd=7)

    report = spend.report(NOVEMBER)

    assert report.reused == spend.Reused(stored=2, joined=1, saved_nanousd=307)
    assert report.cost_nanousd == 0
    assert not report.is_empty


def test_one_feature_is_reported_alone() -> None:
    add_attempt(add_call(), 5)
    add_attempt(add_call(Feature.DRAFT), 70)

    report = spend.report(NOVEMBER, feature=Feature.DRAFT)

    assert [row.feature for row in report.rows] == [Feature.DRAFT]
    assert (report.calls, report.cost_nanousd) == (1, 70)
    assert [day.cost_nanousd for day in report.days if day.cost_nanousd] == [{Feature.DRAFT: 70}]


def test_triage_costs_classify_escalate_and_backfill() -> None:
    for feature, cost in zip(Feature, (1, 20, 300, 4_000, 50_000), strict=True):
        add_attempt(add_call(feature), cost)

    report = spend.report(NOVEMBER)

    # classify 1 + escalate 20 + backfill 50,000; draft 300 and evaluate 4,000 are no part of it.
    assert report.sorting_nanousd == 50_021


def test_a_ticket_that_was_triaged_twice_counts_once() -> None:
    add_labels()
    first, second = add_ticket(), add_ticket("Other")
    runs = [decide(first), decide(second)]
    Triage.objects.filter(pk__in=[run.pk for run in runs]).update(finished_at=NOON)
    again = Triage.objects.get(pk=runs[0].pk)
    again.pk = None
    again.save()
    waiting = add_ticket("Waits")

    report = spend.report(NOVEMBER)

    assert waiting.triage is not None
    assert report.triaged_tickets == 2


def test_nothing_spent_is_an_empty_report() -> None:
    report = spend.report(NOVEMBER)

    assert report.is_empty
    assert report.cost_nanousd == 0
    assert len(report.days) == 30


@pytest.mark.parametrize("calls", [1, 30])
def test_a_report_takes_four_queries_however_much_was_spent(
    calls: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(calls):
        add_attempt(add_call(list(Feature)[number % 5]), number, model=(HAIKU, SONNET)[number % 2])

    with django_assert_num_queries(4):
        spend.report(NOVEMBER)
