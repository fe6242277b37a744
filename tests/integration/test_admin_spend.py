"""The spend page: what its address asks for, and what it shows."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.integration.admin_cases import SONNET, add_attempt, add_call
from triage.admin import formats, spend
from triage.admin.chart import stacked
from triage.models import Certainty, Feature, Obtained
from triage.selectors.spend import DaySpend, Period

TODAY = date(2026, 11, 21)
SPEND = "/admin/spend/"
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}


def shown(client: Client, **query: str) -> str:
    return " ".join(client.get(SPEND, NOVEMBER | query).text.split())


@pytest.mark.parametrize(
    ("query", "period"),
    [
        ("", Period(date(2026, 11, 1), TODAY)),
        ("from=2026-11-05", Period(date(2026, 11, 5), TODAY)),
        ("to=2026-10-15", Period(date(2026, 10, 1), date(2026, 10, 15))),
        ("from=2026-01-01&to=2026-12-31", Period(date(2026, 1, 1), date(2026, 12, 31))),
        ("from=&to=&feature=", Period(date(2026, 11, 1), TODAY)),
    ],
)
def test_the_address_chooses_the_days(query: str, period: Period) -> None:
    asked = spend.read(QueryDict(query), today=TODAY)

    assert (asked.period, asked.problem) == (period, "")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("from=yesterday", "“yesterday” is not a date"),
        ("from=2026-02-30", "“2026-02-30” is not a date"),
        ("from=2026-11-10&to=2026-11-09", "The first day lies after the last."),
        ("from=2025-01-01&to=2026-11-09", "longer than 366 days"),
        ("to=9999-12-31", "The year 9999 is out of range."),
        ("from=0001-01-01&to=0001-01-02", "The year 1 is out of range."),
        ("feature=poetry", "There is no feature “poetry”."),
    ],
)
def test_what_cannot_be_used_is_said_and_this_month_shown(query: str, problem: str) -> None:
    asked = spend.read(QueryDict(query), today=TODAY)

    assert problem in asked.problem
    assert asked.period == Period(date(2026, 11, 1), TODAY)
    assert asked.feature is None


def test_a_bad_date_is_escaped_and_no_error(as_bob: Client) -> None:
    response = as_bob.get(SPEND, {"from": "<b>\x00"})

    assert response.status_code == 200
    assert "<b>\x00" not in response.text


@time_machine.travel("2026-11-21T23:30:00-05:00", tick=False)
def test_this_month_goes_by_the_utc_day(as_bob: Client) -> None:
    assert 'name="to" value="2026-11-22"' in as_bob.get(SPEND).text


def test_the_tiles_say_what_was_spent(as_bob: Client) -> None:
    call = add_call(obtained=Obtained.RETRY)
    add_attempt(call, 0, certainty=Certainty.NONE, error="overloaded")
    add_attempt(call, 142_300, number=2, uncached_input_tokens=100, cache_read_tokens=300)
    add_call(obtained=Obtained.STORED, saved_nanousd=142_300)

    html = shown(as_bob)

    assert "$0.0001423" in html
    assert "75.0 %" in html  # 300 of 400 input tokens were read from the cache
    assert "50.0 %" in html  # one of two attempts failed
    assert "got a stored reply: 1." in html
    assert "UTC days" in html


def test_the_table_has_a_row_for_each_feature_and_model(as_bob: Client) -> None:
    add_attempt(add_call(), 100_000, latency_ms=812)
    add_attempt(add_call(), 200_000, latency_ms=900)
    add_attempt(add_call(Feature.ESCALATE), 7_000_000, model=SONNET)

    context = as_bob.get(SPEND, NOVEMBER).context

    assert [(row[0], row[1], row[-2], row[-1]) for row in context["rows"]] == [
        ("Classify", "Haiku 5.5", "$0.0003", "$0.00015"),
        ("Escalate", "Sonnet 5.5", "$0.007", "$0.007"),
    ]
    assert context["total"][-2] == "$0.0073"


def test_what_is_not_known_is_named_with_its_amount(as_bob: Client) -> None:
    add_attempt(add_call(), 31_200_000, certainty=Certainty.UNKNOWN, error="timeout")
    add_attempt(add_call(), 4_000, certainty=Certainty.LOWER_BOUND)

    html = shown(as_bob)

    assert "Of which unknown, upper bound: $0.0312 (1 attempt)" in html
    assert "Of which at least this, lower bound: $0.000004 (1 attempt)" in html


def test_no_spend_is_said_in_words(as_bob: Client) -> None:
    assert "Nothing was spent from 1 November to 30 November 2026" in shown(as_bob)
    assert "No call was made for draft." in shown(as_bob, feature="draft")


@pytest.mark.parametrize("is_simulated", [True, False])
def test_simulated_figures_are_called_so(
    is_simulated: bool, as_bob: Client, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR = is_simulated

    for address in (SPEND, "/admin/"):
        assert ("These are simulated figures" in as_bob.get(address).text) is is_simulated


def test_the_chart_says_in_a_table_what_it_draws(as_bob: Client) -> None:
    add_attempt(add_call(), 1_500_000)
    add_attempt(add_call(Feature.DRAFT), 3_000_000)

    context = as_bob.get(SPEND, NOVEMBER).context

    assert context["days"] == [["10 November 2026", "$0.0015", "", "$0.003", "", "", "$0.0045"]]
    assert [bar.text for bar in context["chart"].bars] == [
        "10 November 2026, Classify: $0.0015",
        "10 November 2026, Draft: $0.003",
    ]


def test_the_pages_take_few_queries(
    as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        add_attempt(add_call(list(Feature)[number % 5]), number)

    with django_assert_max_num_queries(6):  # session, user, and four of the report
        as_bob.get(SPEND, NOVEMBER)


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (10, "$0.00000001"),
        (142_300, "$0.0001423"),
        (142_349, "$0.0001423"),
        (999_999, "$0.001"),
        (9_999_999, "$0.01"),
        (14_230_000, "$0.0142"),
        (999_949_999, "$0.9999"),
        (1_234_567_890_000, "$1,234.57"),
    ],
)
def test_small_amounts_keep_the_digits_that_say_something(nanousd: int, text: str) -> None:
    assert formats.dollars(nanousd) == text


def test_a_share_of_nothing_is_a_dash() -> None:
    assert (formats.share(0, 0), formats.each(5, 0)) == ("—", "—")


@pytest.mark.parametrize("highest", [0, 1, 7, 4_000, 10**6, 999_999_999, 10**9, 3 * 10**12 + 1])
def test_a_chart_stays_inside_its_frame(highest: int) -> None:
    costs = {Feature.CLASSIFY: highest // 2, Feature.DRAFT: highest - highest // 2}
    chart = stacked([DaySpend(TODAY, costs), DaySpend(TODAY + timedelta(days=1), {})])

    assert 1 <= len(chart.costs) <= 6
    assert len({tick.text for tick in chart.costs}) == len(chart.costs)
    assert all(bar.y >= 11.9 and bar.y + bar.height <= chart.base + 0.1 for bar in chart.bars)


@pytest.mark.parametrize("number", [1, 2, 31, 366])
def test_dates_under_a_chart_leave_room_for_each_other(number: int) -> None:
    days = [DaySpend(TODAY + timedelta(days=n), {}) for n in range(number)]

    places = [tick.at for tick in stacked(days).dates]

    assert places
    assert all(b - a >= 55 for a, b in pairwise(places))
