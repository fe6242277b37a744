"""The cache health page: what it warns of, how it pictures the hit rate, and that it always has something to say."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.admin_cases import HAIKU, NOON, SONNET
from tests.integration.cache_cases import PREFIX, add_request, add_requests
from triage.admin.dashboards.cache_line import HEIGHT, WIDTH, line_of
from triage.models import Feature
from triage.selectors.periods import Period
from triage.selectors.reports.cache_cells import CacheUse
from triage.services import rollups

CACHE = "/admin/cache/"
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
DAYS = Period(date(2026, 11, 1), date(2026, 11, 5))


def shown(client: Client, **query: str) -> str:
    return " ".join(client.get(CACHE, NOVEMBER | query).text.split())


def test_without_any_call_the_page_says_what_will_stand_there(as_bob: Client) -> None:
    page = shown(as_bob)

    assert "Nothing was asked of Claude from 1 November 2026 to 30 November 2026" in page
    assert "How the cache pays" in page
    assert '<svg class="pages-chart' not in page


def test_the_page_shows_rate_money_misses_and_what_to_do(as_bob: Client) -> None:
    add_requests(3, feature=Feature.CLASSIFY)
    rollups.refresh()

    page = shown(as_bob)

    assert "75.0 %" in page
    assert "3,000 of 4,000 cacheable tokens were read" in page
    assert '<dt>Won</dt> <dd class="pages-figure">$0.000245</dd>' in page
    assert "Earns $0.00024 a day." in page
    assert "Nothing to mend: the first call with a prompt has to fill the cache." in page
    assert "10 November 2026: 75.0 %, 3 of 4 requests" in page
    assert "reads only" not in page


def test_the_page_says_from_when_each_model_in_use_pays(as_bob: Client) -> None:
    add_request(written=PREFIX)
    add_request(written=PREFIX, model=SONNET, feature=Feature.ESCALATE)
    rollups.refresh()

    page = shown(as_bob)

    assert (
        "Haiku 5.5: reading costs 0.10 times the price of plain input. Writing for 5 minutes costs 1.25 times and pays above "
        "21.7 % hits, from the 2nd call on; writing for an hour 2.00 times and pays above 52.6 % hits, from the 3rd call on."
    ) in page
    assert "Sonnet 5.5: reading costs 0.05 times" in page
    assert "Haiku 4.5" not in page.split("How the cache pays")[1]


def test_too_few_hits_are_said_on_top_and_only_from_fifty_requests_on(as_bob: Client) -> None:
    add_requests(3, writes=46, feature=Feature.CLASSIFY)
    rollups.refresh()
    few = shown(as_bob)

    add_request(written=PREFIX, at=NOON + timedelta(minutes=1))
    rollups.refresh()
    enough = shown(as_bob)

    assert "tokens for each one that it reads" not in few
    # 3,000 of 50,000 tokens read; 47,000 written.
    assert "Classify on Haiku 5.5 writes 16 tokens for each one that it reads, 6 % hits" in enough


def test_feature_and_model_narrow_the_page(as_bob: Client) -> None:
    add_requests(3, feature=Feature.CLASSIFY)
    add_request(written=PREFIX, model=SONNET, feature=Feature.ESCALATE)
    rollups.refresh()

    page = shown(as_bob, model=SONNET)

    assert "0 of 1,000 cacheable tokens were read" in page
    assert f"served={HAIKU}" not in page
    assert "feature=escalate" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "yesterday"}, "“yesterday” is not a date"),
        ({"feature": "poetry"}, "There is no feature “poetry”."),
        ({"model": "gpt"}, "There is no model “gpt”."),
    ],
)
def test_nonsense_in_the_address_is_named(as_bob: Client, query: dict[str, str], said: str) -> None:
    response = as_bob.get(CACHE, query)

    assert response.status_code == 200
    assert said in response.text


@pytest.mark.parametrize("name", ["cache-by-model", "cache-misses", "cache-by-day"])
def test_each_table_is_a_file_too(as_bob: Client, name: str) -> None:
    add_requests(1, feature=Feature.CLASSIFY)
    rollups.refresh()

    response = as_bob.get(f"/admin/reports/{name}.csv", NOVEMBER)

    assert response.status_code == 200
    assert len(response.text.splitlines()) == 2


def test_the_page_takes_the_same_queries_however_much_there_is(as_bob: Client) -> None:
    add_requests(1, feature=Feature.CLASSIFY)
    rollups.refresh()
    with CaptureQueriesContext(connection) as for_one:
        as_bob.get(CACHE, NOVEMBER)
    for feature in Feature:
        add_requests(2, feature=feature, at=NOON - timedelta(days=1))
    rollups.refresh()

    with CaptureQueriesContext(connection) as for_many:
        as_bob.get(CACHE, NOVEMBER)

    assert len(for_many) == len(for_one)


# --- the line


def used(hits: int, writes: int) -> CacheUse:
    return CacheUse(hits, writes, 0, hits * PREFIX, writes * PREFIX, 0, 0)


def test_the_line_breaks_where_a_day_has_nothing_and_stands_within_its_frame() -> None:
    uses = {DAYS.days[0]: used(1, 1), DAYS.days[1]: used(3, 0), DAYS.days[3]: used(0, 2)}

    line = line_of(DAYS, uses)

    assert [point.text for point in line.points] == [
        "1 November 2026: 50.0 %, 1 of 2 requests",
        "2 November 2026: 100.0 %, 3 of 3 requests",
        "4 November 2026: 0.0 %, 0 of 2 requests",
    ]
    assert len(line.runs) == 1
    assert line.runs[0].count(",") == 2
    assert all(0 < point.x < WIDTH and 0 < point.y < HEIGHT for point in line.points)
    middle, top, bottom = (point.y for point in line.points)
    assert top < middle < bottom
    assert middle == next(tick.at for tick in line.shares if tick.text == "50 %")


def test_a_year_has_room_for_its_dates() -> None:
    year = Period(date(2026, 1, 1), date(2026, 12, 31))

    line = line_of(year, {})

    assert len(line.dates) <= 12
    assert (line.points, line.runs) == ((), ())
