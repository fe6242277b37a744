"""What Prometheus reads, checked against rows made here. It is noon on 10 November 2026."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import User
from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.gateway.fleet_cases import admit, fail, new_model, succeed
from tests.integration.web_cases import add_ticket
from triage.models import (
    Alert,
    AlertKind,
    Budget,
    Certainty,
    Delivery,
    DeliveryState,
    Draft,
    DraftState,
    Event,
    EventKind,
    Feature,
    FeatureRoute,
    FeatureRouteHop,
    State,
    Triage,
    Webhook,
)
from triage.services import rollups
from triage.services.gateway import routes
from triage.services.gateway.fleet import asking

TOKEN = "a token that only monitoring has"
YESTERDAY = NOON - timedelta(hours=12, microseconds=1)
QUERIES_AT_MOST = 13

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.TRIAGE_METRICS_TOKEN = TOKEN


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


class Scrape:
    """One answer of /metrics, by family and labels."""

    def __init__(self, client: Client, *, is_rolled_up: bool = True) -> None:
        if is_rolled_up:
            rollups.refresh()
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.content
        text = answer.content.decode()
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def __call__(self, name: str, **labels: str) -> float | None:
        """The sample with exactly these labels."""
        samples = self.families[name].samples
        return next((s.value for s in samples if s.labels == labels), None)

    def all_of(self, name: str) -> dict[str, float]:
        """A family with one label: its samples that are not zero."""
        samples = self.families[name].samples
        return {next(iter(s.labels.values())): s.value for s in samples if s.value}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}\xff"},
        {"Authorization": "Bearer "},
    ],
)
def test_who_has_not_the_token_is_told_how_to_get_in(
    client: Client, headers: dict[str, str]
) -> None:
    answer = client.get("/metrics", headers=headers)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert b"TRIAGE_METRICS_TOKEN" in answer.content


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x"])
def test_nobody_gets_in_while_no_token_is_set(
    client: Client, settings: Settings, header: str
) -> None:
    settings.TRIAGE_METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": header}).status_code == 401


def test_an_admin_without_the_token_is_not_let_in(as_bob: Client) -> None:
    assert as_bob.get("/metrics").status_code == 401


def test_the_answer_is_in_the_text_format_and_kept_by_nobody(client: Client) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"bearer {TOKEN}"})

    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert b"# TYPE triage_cost_usd_today gauge\n" in answer.content


def test_every_family_says_what_it_is_and_the_days_say_when_they_begin(client: Client) -> None:
    families = Scrape(client).families

    assert [name for name, family in families.items() if not family.documentation] == []
    days = [family for name, family in families.items() if name.endswith("_today")]
    assert len(days) == 6
    assert all("00:00 UTC" in family.documentation for family in days)


def test_calls_count_by_feature_and_state(client: Client) -> None:
    for obtained in ("first", "stored", ""):
        add_call(Feature.DRAFT, obtained=obtained)
    add_call(Feature.CLASSIFY, at=YESTERDAY)

    scrape = Scrape(client)

    assert scrape("triage_calls_today", feature="draft", state="answered") == 2
    assert scrape("triage_calls_today", feature="draft", state="failed") == 1
    assert scrape("triage_calls_today", feature="classify", state="answered") == 0


def test_attempts_count_by_model_and_certainty_and_errors_by_their_code(client: Client) -> None:
    call = add_call(Feature.ESCALATE)
    add_attempt(call, 0, model=SONNET, certainty=Certainty.NONE, error="overloaded")
    add_attempt(call, 0, number=2, model=SONNET, certainty=Certainty.NONE, error="overloaded")
    add_attempt(call, 900, number=3, model=SONNET, certainty=Certainty.UNKNOWN, error="timeout")
    add_attempt(call, 700, number=4, model=HAIKU)
    add_attempt(add_call(), 700, at=YESTERDAY, error="timeout")

    scrape = Scrape(client)

    assert scrape("triage_attempts_today", model=SONNET, certainty="none") == 2
    assert scrape("triage_attempts_today", model=SONNET, certainty="unknown") == 1
    assert scrape("triage_attempts_today", model=HAIKU, certainty="known") == 1
    assert scrape("triage_errors_today", model=SONNET, code="overloaded") == 2
    assert scrape("triage_errors_today", model=SONNET, code="timeout") == 1
    assert len(scrape.families["triage_errors_today"].samples) == 2


def test_tokens_keep_their_classes(client: Client) -> None:
    for _ in range(2):
        add_attempt(
            add_call(),
            1,
            uncached_input_tokens=1,
            cache_write_5m_tokens=20,
            cache_write_1h_tokens=300,
            cache_read_tokens=4_000,
            output_tokens=50_000,
        )

    scrape = Scrape(client)

    classes = {s.labels["class"]: s.value for s in scrape.families["triage_tokens_today"].samples}
    assert classes == {
        "uncached_input": 2,
        "cache_write_5m": 40,
        "cache_write_1h": 600,
        "cache_read": 8_000,
        "output": 100_000,
    }


def test_cost_is_in_dollars_by_feature_and_model(client: Client) -> None:
    # 142_000 + 58_000 = 200_000 nano-dollars = 0.0002 dollars; an unknown one counts with its bound.
    add_attempt(add_call(), 142_000)
    add_attempt(add_call(), 58_000, certainty=Certainty.UNKNOWN)
    add_attempt(add_call(Feature.DRAFT), 1_500_000_000, model=SONNET)

    scrape = Scrape(client)

    assert scrape("triage_cost_usd_today", feature="classify", model=HAIKU) == 0.0002
    assert scrape("triage_cost_usd_today", feature="draft", model=SONNET) == 1.5


def test_holds_are_the_bounds_of_what_is_under_way_also_since_yesterday(client: Client) -> None:
    add_attempt(add_call(), 2_000_000, certainty=Certainty.OPEN)
    add_attempt(add_call(), 3_000_000, certainty=Certainty.OPEN, at=YESTERDAY)
    add_attempt(add_call(), 9_000_000)

    scrape = Scrape(client)

    assert scrape("triage_holds", model=HAIKU) == 2
    assert scrape("triage_holds_usd", model=HAIKU) == 0.005


def test_budgets_show_their_limits_and_what_is_spent_and_held_of_them(client: Client) -> None:
    Budget.objects.create(
        scope="feature", key="draft", period="month", soft_nanousd=10**9, hard_nanousd=2 * 10**9
    )
    Budget.objects.create(scope="installation", period="day", hard_nanousd=5 * 10**9)
    add_attempt(add_call(Feature.DRAFT), 300_000_000, at=YESTERDAY)
    add_attempt(add_call(Feature.DRAFT), 200_000_000)
    add_attempt(add_call(Feature.DRAFT), 100_000_000, certainty=Certainty.OPEN)

    scrape = Scrape(client)

    drafts = {"scope": "feature", "key": "draft", "period": "month"}
    assert scrape("triage_budget_limit_usd", **drafts, level="soft") == 1
    assert scrape("triage_budget_limit_usd", **drafts, level="hard") == 2
    assert scrape("triage_budget_used_usd", **drafts, kind="spent") == 0.5
    assert scrape("triage_budget_used_usd", **drafts, kind="held") == 0.1
    whole = {"scope": "installation", "key": "", "period": "day"}
    assert scrape("triage_budget_limit_usd", **whole, level="soft") is None
    assert scrape("triage_budget_used_usd", **whole, kind="spent") == 0.2


def test_what_waits_counts_by_state_and_the_oldest_due_one_gives_the_age(client: Client) -> None:
    add_run(State.QUEUED, due_at=NOON - timedelta(seconds=90))
    add_run(State.QUEUED, due_at=NOON - timedelta(seconds=30))
    add_run(State.SKIPPED, due_at=NOON + timedelta(minutes=2), skip_reason="overloaded")
    # A batch takes hours and is not late; what is done waits no more.
    lease = NOON + timedelta(hours=1)
    add_run(State.BATCHED, due_at=NOON - timedelta(hours=5), lease_until=lease)
    add_run(State.FAILED, due_at=NOON - timedelta(hours=9))

    scrape = Scrape(client)

    assert scrape.all_of("triage_waiting") == {"queued": 2, "skipped": 1, "batched": 1}
    assert scrape("triage_waiting", state="running") == 0
    assert scrape("triage_queue_age_seconds") == 90


def test_an_empty_queue_has_no_age(client: Client) -> None:
    assert Scrape(client)("triage_queue_age_seconds") == 0


def test_drafts_count_by_how_they_ended(client: Client, alice: User) -> None:
    add_draft(alice, DraftState.READY)
    add_draft(alice, DraftState.BROKEN)
    add_draft(alice, DraftState.BROKEN)
    add_draft(alice, DraftState.SENT, created_at=YESTERDAY)

    assert Scrape(client).all_of("triage_drafts_today") == {"ready": 1, "broken": 2}


def test_deliveries_and_alerts_count_while_they_are_open(client: Client, bob: User) -> None:
    webhook = Webhook.objects.create(url="https://a.example", kinds=["draft.sent"], by=bob)
    for state in (DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.DELIVERED):
        add_delivery(webhook, state)
    for scope in (HAIKU, SONNET, "gone"):
        Alert.objects.open_once(AlertKind.BREAKER_OPEN, scope=scope, message="…")
    Alert.objects.resolve(AlertKind.BREAKER_OPEN, scope="gone")

    scrape = Scrape(client)

    assert scrape("triage_deliveries_pending") == 2
    assert scrape.all_of("triage_alerts_open") == {"breaker_open": 2}


def test_a_models_breaker_and_pace_are_shown(client: Client, settings: Settings) -> None:
    broken, sound = new_model(), new_model()
    settings.TRIAGE_PACE = {sound: {"requests": 600}}
    put_on_a_route(broken, sound)
    fail(broken, times=settings.TRIAGE_BREAKER_FAILURES)
    admit(sound)
    succeed(sound, latency_ms=250)

    scrape = Scrape(client)

    states = {
        (s.labels["model"], s.labels["state"])
        for s in scrape.families["triage_breaker"].samples
        if s.value and s.labels["model"] in (broken, sound)
    }
    assert states == {(broken, "open"), (sound, "closed")}
    assert scrape("triage_pace_limit_per_minute", model=sound, limit="requests") == 600
    left = scrape("triage_pace_left", model=sound, limit="output_tokens")
    assert left is not None
    assert left > 0
    assert scrape("triage_pace_waiting", model=sound) == 0
    assert scrape("triage_model_latency_seconds", model=sound) == 0.25
    assert scrape("triage_model_latency_seconds", model=broken) is None
    assert scrape("triage_redis_up") == 1


def test_with_redis_down_the_databases_part_is_still_there(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_attempt(add_call(), 142_000)
    monkeypatch.setattr(asking, "run", lambda *_, **__: None)

    scrape = Scrape(client)

    assert scrape("triage_redis_up") == 0
    assert scrape.families["triage_breaker"].samples == []
    assert scrape("triage_cost_usd_today", feature="classify", model=HAIKU) == 0.000142


@pytest.mark.parametrize("rows", [1, 20])
def test_a_scrape_takes_thirteen_queries_at_most_however_much_there_is(
    client: Client, rows: int
) -> None:
    for number in range(rows):
        add_attempt(add_call(list(Feature)[number % 5]), number, error=f"code-{number}")
        Budget.objects.create(scope="user", key=str(number), period="day", hard_nanousd=1)
        Alert.objects.open_once(AlertKind.BREAKER_OPEN, scope=str(number), message="…")

    rollups.refresh()

    with CaptureQueriesContext(connection) as captured:
        Scrape(client, is_rolled_up=False)

    assert len(captured) <= QUERIES_AT_MOST


def test_two_scrapes_hold_nothing_of_each_other(client: Client) -> None:
    add_call()
    first = Scrape(client)
    add_call()

    second = Scrape(client)

    labels = {"feature": "classify", "state": "answered"}
    assert first("triage_calls_today", **labels) == 1
    assert second("triage_calls_today", **labels) == 2


def add_run(state: State, *, due_at: datetime, **fields: Any) -> None:
    run = Triage.objects.get(ticket=add_ticket())
    Triage.objects.filter(pk=run.pk).update(state=state, due_at=due_at, **fields)


def add_draft(by: User, state: DraftState, *, created_at: datetime = NOON) -> None:
    Draft.objects.create(
        ticket=add_ticket(), by=by, state=state, created_at=created_at, finished_at=NOON
    )


def add_delivery(webhook: Webhook, state: DeliveryState) -> None:
    event = Event.objects.create(kind=EventKind.DRAFT_SENT)
    Delivery.objects.create(
        webhook=webhook,
        event=event,
        message_id=f"msg_{event.pk}",
        body="{}",
        state=state,
        gives_up_at=NOON + timedelta(days=1),
        finished_at=None if state == DeliveryState.PENDING else NOON,
    )


def put_on_a_route(*models: str) -> None:
    route = FeatureRoute.objects.create(
        feature=Feature.EVALUATE, attempt_seconds=10, deadline_seconds=30, max_cost_nanousd=10**9
    )
    for place, model in enumerate(models):
        FeatureRouteHop.objects.create(route=route, position=place, model=model, tries=1)
    routes.forget()


def test_monitoring_sees_how_old_the_days_figures_are(client: Client) -> None:
    never = Scrape(client, is_rolled_up=False)("triage_rolled_up_seconds")
    add_call()

    fresh = Scrape(client)("triage_rolled_up_seconds")

    assert never is None
    assert fresh is not None
    assert 0 <= fresh < 60
