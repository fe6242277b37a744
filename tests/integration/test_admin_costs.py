"""The costs page: what its address asks for, and what it shows."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.integration.admin_cases import NOON, SONNET, add_attempt, add_call
from triage.admin import formats
from triage.admin.chart import FLAG_ROOM, stacked
from triage.admin.dashboards import asking
from triage.models import Budget, Certainty, Feature, Obtained, RollupState
from triage.selectors.periods import Period
from triage.selectors.reports.changes import Change
from triage.selectors.reports.costs_cells import DaySpend
from triage.services import rollups

TODAY = date(2026, 11, 21)
COSTS = "/admin/costs/"
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}


def shown(client: Client, **query: str) -> str:
    """The page's words, its figures up to date."""
    rollups.refresh()
    return " ".join(client.get(COSTS, NOVEMBER | query).text.split())


def cells(client: Client, name: str, **query: str) -> list[list[str]]:
    """One of the page's tables as it is read, without what each row leads to."""
    rollups.refresh()
    table = client.get(COSTS, NOVEMBER | query).context["tables"][name]
    return [[cell.text for cell in row] for row in (*table.rows, table.total)]


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
    question = asking.read(QueryDict(query), today=TODAY)

    assert (question.asked.period, question.problems) == (period, ())


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
        ("model=gpt", "There is no model “gpt”."),
    ],
)
def test_what_cannot_be_used_is_said_and_this_month_shown(query: str, problem: str) -> None:
    question = asking.read(QueryDict(query), today=TODAY)

    assert problem in " ".join(question.problems)
    assert question.asked.period == Period(date(2026, 11, 1), TODAY)
    assert (question.asked.feature, question.asked.model) == (None, None)


def test_a_bad_date_is_escaped_and_no_error(as_bob: Client) -> None:
    response = as_bob.get(COSTS, {"from": "<b>\x00", "team": "<b>", "model": "\x00"})

    assert response.status_code == 200
    assert "<b>\x00" not in response.text


@time_machine.travel("2026-11-21T23:30:00-05:00", tick=False)
def test_this_month_goes_by_the_utc_day(as_bob: Client) -> None:
    assert 'name="to" value="2026-11-22"' in as_bob.get(COSTS).text


def test_the_old_address_leads_here_and_asks_for_the_same(as_bob: Client) -> None:
    response = as_bob.get("/admin/spend/?from=2026-11-01&to=2026-11-30&feature=draft")

    assert response.status_code == 302
    assert response["Location"] == "/admin/costs/?from=2026-11-01&to=2026-11-30&feature=draft"


def test_the_tiles_say_what_was_spent(as_bob: Client) -> None:
    call = add_call(obtained=Obtained.RETRY)
    add_attempt(call, 0, certainty=Certainty.NONE, error="overloaded")
    add_attempt(call, 142_300, number=2, uncached_input_tokens=100, cache_read_tokens=300)
    add_call(obtained=Obtained.STORED, saved_nanousd=142_300)

    html = shown(as_bob)

    assert "$0.0001423" in html
    assert "75.0 %" in html  # 300 of 400 input tokens were read from the cache
    assert "50.0 %" in html  # one of two attempts failed
    assert "1 answered from an equal call, which saved $0.0001423" in html
    assert "UTC days" in html


def test_the_table_has_a_row_for_each_feature_and_model(as_bob: Client) -> None:
    add_attempt(add_call(), 100_000, latency_ms=812)
    add_attempt(add_call(), 200_000, latency_ms=900)
    add_attempt(add_call(Feature.ESCALATE), 7_000_000, model=SONNET)

    *rows, total = cells(as_bob, "costs_by_model")

    assert [tuple(row[:4]) for row in rows] == [
        ("Classify", "Haiku 5.5", "$0.0003", "$0.00015"),
        ("Escalate", "Sonnet 5.5", "$0.007", "$0.007"),
    ]
    assert total[2] == "$0.0073"


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

    for address in (COSTS, "/admin/"):
        assert ("These are simulated figures" in as_bob.get(address).text) is is_simulated


def test_the_chart_says_in_a_table_what_it_draws(as_bob: Client) -> None:
    add_attempt(add_call(), 1_500_000)
    add_attempt(add_call(Feature.DRAFT), 3_000_000)

    rows = cells(as_bob, "costs_by_day")
    bars = as_bob.get(COSTS, NOVEMBER).context["chart"].bars

    assert rows[0] == ["10 Nov 2026", "$0.0015", "$0.00", "$0.003", "$0.00", "$0.00", "$0.0045"]
    assert [bar.text for bar in bars] == [
        "10 November 2026, Classify: $0.0015",
        "10 November 2026, Draft: $0.003",
    ]


def test_a_new_prompt_is_marked_on_the_chart_and_explained_below(as_bob: Client) -> None:
    for days, prompt in enumerate("ab"):
        at = NOON + timedelta(days=days)
        add_attempt(add_call(at=at, prompt_version=16 * prompt), 1_000, at=at)

    html = shown(as_bob)

    assert '<text class="costs-number"' in html
    assert "<strong>11 Nov 2026, 12:00</strong> Prompt of classify: bbbbbbbb" in html


def test_without_a_change_the_chart_says_so(as_bob: Client) -> None:
    add_attempt(add_call(), 1_000)

    html = shown(as_bob)

    assert "costs-number" not in html
    assert "No prompt, taxonomy version, threshold or model changed in these days" in html


@time_machine.travel("2026-11-11T00:00:00Z", tick=False)
def test_the_month_is_forecast_and_held_against_the_budget(as_bob: Client) -> None:
    add_attempt(add_call(), 2_000_000_000)
    Budget.objects.create(scope="installation", period="month", hard_nanousd=5_000_000_000)

    html = shown(as_bob, feature="draft")

    # Ten of thirty days are over: three times $2.00. It is of everything, whatever else is asked.
    assert (
        "of $5.00; $6.00 by 30 November if it goes on like the 10.0 days so far, which is over the"
        " budget" in html
    )


@time_machine.travel("2026-11-11T00:00:00Z", tick=False)
def test_without_a_budget_the_way_to_one_is_shown(as_bob: Client) -> None:
    html = shown(as_bob)

    assert "no budget set; $0.00 by 30 November" in html
    address = "/admin/triage/budget/add/?scope=installation&amp;period=month"
    assert f'href="{address}">Set one</a>' in html
    assert as_bob.get(address.replace("&amp;", "&")).status_code == 200


@time_machine.travel("2026-11-01T12:00:00Z", tick=False)
def test_on_the_first_day_of_a_month_nothing_is_forecast(as_bob: Client) -> None:
    assert "a forecast begins on the second day of a month" in shown(as_bob)


def test_what_a_filter_makes_meaningless_is_left_out_and_said(as_bob: Client) -> None:
    add_attempt(add_call(Feature.DRAFT), 1_000, model=SONNET)

    of_draft = shown(as_bob, feature="draft")
    of_sonnet = shown(as_bob, model=SONNET)
    of_no_team = shown(as_bob, team="0")

    assert "Draft is no part of triage" in of_draft
    assert "a sent draft belongs to no model" in of_sonnet
    assert "What a useful result cost is left out" in of_sonnet
    assert "how sure it is, is not kept by team" in of_no_team


def test_each_row_leads_to_what_it_is_about(as_bob: Client) -> None:
    add_attempt(add_call(), 1_000)
    rollups.refresh()

    tables = as_bob.get(COSTS, NOVEMBER).context["tables"].values()
    addresses = {cell.address for table in tables for row in table.rows for cell in row}

    assert len(addresses - {""}) >= 4
    assert {as_bob.get(address).status_code for address in addresses - {""}} == {200}


def test_each_table_is_a_file_too(as_bob: Client) -> None:
    add_attempt(add_call(), 142_301)
    rollups.refresh()

    answer = as_bob.get("/admin/reports/costs-by-day.csv", NOVEMBER).text.splitlines()

    head = "day,classify_usd,escalate_usd,draft_usd,evaluate_usd,backfill_usd,total_usd"
    zero = "0.000000000"
    assert answer == [head, f"2026-11-10,0.000142301,{zero},{zero},{zero},{zero},0.000142301"]


@time_machine.travel("2026-11-21T12:00:00Z", tick=False)
def test_the_overview_says_what_this_month_cost(as_bob: Client) -> None:
    add_attempt(add_call(), 2_000_000_000)
    add_attempt(add_call(), 900_000_000, at=datetime(2026, 10, 31, tzinfo=UTC))
    rollups.refresh()

    html = as_bob.get("/admin/").text

    assert '<dd class="pages-figure">$2.00</dd>' in html
    assert "Costs in detail" in html


def test_the_page_takes_as_many_queries_however_much_was_spent(
    as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        add_attempt(add_call(list(Feature)[number % 5]), number)
    rollups.refresh()

    with django_assert_max_num_queries(36):  # of them 18 of the six tables, 6 of the tiles
        as_bob.get(COSTS, NOVEMBER)


def test_figures_that_are_old_are_called_old(as_bob: Client) -> None:
    add_attempt(add_call(), 1_000)
    rollups.refresh()
    RollupState.objects.update(refreshed_at=NOON)

    assert "are not being brought up to date" in as_bob.get(COSTS, NOVEMBER).text


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
    assert all(bar.y >= chart.top - 0.1 for bar in chart.bars)
    assert all(bar.y + bar.height <= chart.base + 0.1 for bar in chart.bars)


@pytest.mark.parametrize("number", [1, 2, 31, 366])
def test_dates_under_a_chart_leave_room_for_each_other(number: int) -> None:
    days = [DaySpend(TODAY + timedelta(days=n), {}) for n in range(number)]

    places = [tick.at for tick in stacked(days).dates]

    assert places
    assert all(b - a >= 55 for a, b in pairwise(places))


@pytest.mark.parametrize("number", [1, 31, 366])
def test_flags_on_a_chart_leave_room_for_each_other_and_lose_no_change(number: int) -> None:
    days = [DaySpend(TODAY + timedelta(days=n), {}) for n in range(number)]
    start = datetime(2026, 11, 21, tzinfo=UTC)
    hours = range(0, 24 * number, max(1, number // 8))
    marks = [Change(start + timedelta(hours=hour), "Thresholds", "a", "b") for hour in hours]

    chart = stacked(days, marks)

    assert [change for flag in chart.flags for change in flag.changes] == marks
    assert [flag.number for flag in chart.flags] == [*range(1, len(chart.flags) + 1)]
    assert all(b.at - a.at >= FLAG_ROOM for a, b in pairwise(chart.flags))
    assert all(chart.left <= flag.at <= chart.right for flag in chart.flags)
