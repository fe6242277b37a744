"""The page on reliability: its chart, its verdict in words, and that it comes whatever is down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tests.integration.admin_cases import HAIKU, NOON, add_attempt, add_call
from triage.admin.dashboards.health_chart import by_hour
from triage.admin.dashboards.health_models import ModelNow, state_of
from triage.admin.dashboards.health_verdict import problems
from triage.models import Alert, Feature, Reconciliation
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Asked
from triage.services import health, rollups
from triage.services.gateway import fleet
from triage.services.gateway.fleet import Breaker, FleetView, scripts
from triage.services.gateway.fleet.outage import Outage

HEALTH = "/admin/health/"
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
HEALTH_TABLES = [name for name in REPORTS if name.startswith("health-")]


@pytest.fixture
def no_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens where Redis should be, and what the process remembers of that is the test's own."""
    default = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": default}
    monkeypatch.setattr(scripts, "outage", Outage("a test"))


def shown(client: Client, **query: str) -> str:
    return " ".join(client.get(HEALTH, NOVEMBER | query).text.split())


def test_the_chart_stacks_failures_on_what_did_not_fail() -> None:
    start = datetime(2026, 11, 10, 9, tzinfo=UTC)

    chart = by_hour([(start, 4, 1, 0.25), (start + timedelta(hours=1), 0, 0, None)])

    answered, failed = chart.bars
    assert (answered.is_failed, failed.is_failed) == (False, True)
    assert answered.y + answered.height == pytest.approx(chart.base)
    assert failed.y + failed.height == pytest.approx(answered.y)
    assert failed.y == pytest.approx(chart.top)
    assert failed.text == "10 November, 09:00 UTC: 1 of 4 requests failed (25.0 %)"
    assert [mark.text for mark in chart.marks] == ["09:00"]


def test_a_model_says_in_words_how_it_is() -> None:
    at = datetime(2026, 11, 10, 12, 3, tzinfo=UTC)

    assert state_of(FleetView(HAIKU, is_known=False)) == "Not known: Redis does not answer"
    assert state_of(FleetView(HAIKU, is_known=True)) == "Is asked as usual"
    assert "(since 12:03:00 UTC)" in state_of(
        FleetView(HAIKU, is_known=True, breaker=Breaker.OPEN, open_since=at)
    )
    assert state_of(FleetView(HAIKU, is_known=True, paused_until=at)).startswith("Paused until")
    assert state_of(FleetView(HAIKU, is_known=True, gone_until=at)).startswith("Gone")


def model(*, is_well: bool | None = True) -> ModelNow:
    return ModelNow(HAIKU, "Haiku 5.5", "classify", is_well, "Left alone", 4, "—", 0, (), "—")


def told(**given: Any) -> list[str]:
    well: dict[str, Any] = {"alerts": [], "models": [model()], "waits": [], "hours": []}
    return [each.text for each in problems(**{**well, "are_figures_old": False, **given})]


def test_all_is_well_while_nothing_is_wrong() -> None:
    just_now = timezone.now() - timedelta(seconds=30)

    assert (
        told(
            waits=[("triage", "", 9, just_now)], hours=[(NOON, 90, 90), (NOON, 5, 5), (NOON, 4, 4)]
        )
        == []
    )


def test_each_thing_that_is_wrong_is_a_sentence() -> None:
    long_ago = timezone.now() - timedelta(minutes=12)

    assert told(models=[model(is_well=False)]) == ["Haiku 5.5: Left alone."]
    assert "Redis does not answer" in told(models=[model(is_well=None)])[0]
    assert "waiting for 12\xa0minutes" in told(waits=[("triage", "", 1, long_ago)])[0]
    assert "not being brought up to date" in told(are_figures_old=True)[0]
    assert told(hours=[(NOON, 100, 100), (NOON, 8, 1), (NOON, 2, 1)]) == [
        "Of the 10 requests since 12:00 UTC, 2 failed."
    ]


def test_what_an_alert_says_is_not_said_twice() -> None:
    open_breaker = Alert(kind="breaker_open", scope=HAIKU, message="It fails.", opened_at=NOON)

    [text] = told(alerts=[open_breaker], models=[model(is_well=False)])

    assert text.endswith("since 10 Nov, 12:00 UTC. It fails.")


def test_the_page_says_that_all_is_well(as_bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "look", lambda model: FleetView(model, is_known=True))
    rollups.refresh()

    html = shown(as_bob)

    assert "All well." in html
    assert "No request failed in this time." in html
    assert "No request was sent in the last 24 hours." in html
    assert "Every request&#x27;s cost is known exactly." in html
    assert "has not been compared with the provider&#x27;s account yet" in html


def test_the_page_leads_to_what_is_wrong(as_bob: Client) -> None:
    Alert.objects.open_once("ledger_differs", message="3 differences. <b>")
    Alert.objects.open_once("budget_soft", scope="x", message="Put off.")
    Alert.objects.filter(scope="x").update(snoozed_until=timezone.now() + timedelta(hours=1))

    html = shown(as_bob)

    assert "3 differences. &lt;b&gt;" in html
    assert "/admin/triage/alert/?state=open" in html
    assert "Put off." not in html


def test_the_page_shows_the_newest_comparisons_with_the_account(as_bob: Client) -> None:
    for number in range(12):
        Reconciliation.objects.create(
            since=NOON,
            until=NOON,
            compared=number,
            ledger_nanousd=1_000_000_000,
            account_nanousd=1_250_000_000,
            resolved=2,
            not_billed=1,
            unsure=1,
            unsure_low_nanousd=0,
            unsure_high_nanousd=300_000_000,
            differences=0,
        )

    table = REPORTS["health-reconciliation"].build(Asked(Period(NOON.date(), NOON.date())))
    html = shown(as_bob)

    assert [row[3] for row in table.rows] == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert table.rows[0][6] == 250_000_000
    assert "$0.2500" in html


def test_the_page_does_not_wait_for_the_workers(
    as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "report", pytest.fail)

    assert f'hx-get="{HEALTH}?part=system"' in shown(as_bob)


@pytest.mark.parametrize(
    ("workers", "words"), [(["triage"], "✓ triage"), ([], "none answered"), (None, "not be asked")]
)
def test_the_part_that_asks_the_workers_comes_by_itself(
    workers: list[str] | None, words: str, as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "find_workers", lambda **_: workers)

    response = as_bob.get(HEALTH, {"part": "system"})

    assert words in response.text
    assert "<html" not in response.text


def test_with_redis_down_the_page_still_comes(as_bob: Client, no_redis: None) -> None:
    response = as_bob.get(HEALTH, NOVEMBER)

    assert response.status_code == 200
    assert "Not known: Redis does not answer" in response.text


@pytest.mark.parametrize(
    "query", [{"from": "<b>"}, {"model": "\x00"}, {"part": "x"}, {"feature": "é"}]
)
def test_nonsense_in_the_address_is_no_error(query: dict[str, str], as_bob: Client) -> None:
    assert as_bob.get(HEALTH, query).status_code == 200


@pytest.mark.parametrize("name", HEALTH_TABLES)
def test_every_table_is_a_file_too(name: str, as_bob: Client) -> None:
    response = as_bob.get(f"/admin/reports/{name}.csv", NOVEMBER)

    assert response.status_code == 200
    assert response.text.splitlines()


def test_the_page_takes_few_queries(
    as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        add_attempt(add_call(list(Feature)[number % 5]), number, error="timeout")
    rollups.refresh()
    as_bob.get(HEALTH, NOVEMBER)

    with django_assert_max_num_queries(24):
        as_bob.get(HEALTH, NOVEMBER)
