"""Along the route: the fleet's gate before every try, what an admin has set, and what an operator is told."""

import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.gateway.conftest import Ask, build_request
from triage.exceptions import BudgetExceeded, DeadlineExceeded, RateExceeded, RouteExhausted
from triage.models import Alert, AlertKind, Attempt, Budget, Call, Feature, FeatureRoute, Obtained
from triage.services import gateway
from triage.services.gateway import About, Reply, routes
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET
from triage.simulator import RunningSimulator


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.02)


def models_asked(claude: RunningSimulator) -> list[str]:
    return [row["model"] for row in claude.bill()["requests"]]


def set_route(*hops: tuple[str, int], **values: float) -> None:
    plain = {"attempt_seconds": 5, "deadline_seconds": 10, "max_cost_nanousd": 10**9, **values}
    row = FeatureRoute.objects.create(feature="classify", **plain)
    for position, (model, tries) in enumerate(hops, 1):
        row.hops.create(position=position, model=model, tries=tries)
    routes.forget()


def test_a_model_that_keeps_failing_is_left_alone_by_the_next_calls(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("529@haiku-5-5", 0)

    replies = [ask(build_request(f"{number}")) for number in range(4)]

    assert models_asked(claude).count(HAIKU) == 4  # all by the first call
    assert {reply.obtained for reply in replies} == {Obtained.FALLBACK}
    assert [reply.tries for reply in replies] == [5, 1, 1, 1]
    alert = Alert.objects.get()
    assert (alert.kind, alert.scope, alert.resolved_at) == (AlertKind.BREAKER_OPEN, HAIKU, None)


def test_the_model_is_asked_again_once_a_probe_succeeds_and_the_alert_is_resolved(
    ask: Ask, claude: RunningSimulator, settings: Settings
) -> None:
    settings.TRIAGE_BREAKER_SECONDS = 0.3
    claude.set_scenario("529@haiku-5-5x4", 0)
    ask(build_request("opens"))
    time.sleep(0.4)

    probe, after = (ask(build_request(text)) for text in ("probe", "after"))

    assert (probe.model_served, after.model_served) == (HAIKU, HAIKU)
    assert Alert.objects.get().resolved_at is not None


def test_a_retry_after_within_the_deadline_is_obeyed(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("429(1)x1", 0)
    started = time.monotonic()

    reply = ask()

    assert (reply.model_served, reply.obtained, reply.tries) == (HAIKU, Obtained.RETRY, 2)
    assert 1.0 <= time.monotonic() - started < 4


def test_one_429_pauses_the_model_for_every_call(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("429(3600)@haiku-5-5", 0)

    replies = [ask(build_request(f"{number}")) for number in range(3)]

    assert [reply.model_served for reply in replies] == [HAIKU_4_5] * 3
    assert models_asked(claude).count(HAIKU) == 1


def test_a_429_without_end_says_when_to_come_back(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("429(3600)", 0)

    with pytest.raises(RouteExhausted) as caught:
        ask()

    assert 3500 < (caught.value.retry_after_seconds or 0) <= 3600
    assert len(claude.bill()["requests"]) == 2  # each model once


def test_a_retired_model_is_passed_over_with_an_alarm_and_not_asked_again(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("404@haiku-5-5", 0)

    replies = [ask(build_request(f"{number}")) for number in range(2)]

    assert [reply.model_served for reply in replies] == [HAIKU_4_5] * 2
    assert models_asked(claude).count(HAIKU) == 1
    assert Alert.objects.get().kind == AlertKind.MODEL_GONE


def test_it_is_an_error_only_when_no_model_is_left(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("404", 0)

    with pytest.raises(RouteExhausted):
        ask()

    assert len(models_asked(claude)) == 2


def test_a_model_that_has_become_slow_is_stepped_down_from_where_the_route_says_so(
    ask: Ask, claude: RunningSimulator
) -> None:
    set_route((HAIKU, 1), (HAIKU_4_5, 1), latency_limit_seconds=0.2)
    claude.set_scenario("slow(0.4)@haiku-5-5", 0)
    for number in range(5):
        assert ask(build_request(f"sample {number}")).model_served == HAIKU
    ask(build_request("a probe may pass"))

    reply = ask(build_request("quick, please"))

    assert (reply.model_served, reply.obtained) == (HAIKU_4_5, Obtained.FALLBACK)


def test_the_route_that_an_admin_has_set_is_the_one_that_is_taken(
    ask: Ask, claude: RunningSimulator
) -> None:
    set_route((SONNET, 1))

    assert ask().model_served == SONNET


def test_background_work_waits_its_turn_and_never_flees_to_a_dearer_model(
    ask: Ask, claude: RunningSimulator, settings: Settings
) -> None:
    settings.TRIAGE_PACE = {HAIKU: {"requests": 1, "input_tokens": 10**9, "output_tokens": 10**9}}
    ask(build_request("takes the minute's only request"))

    with pytest.raises(DeadlineExceeded):
        ask(build_request("too many"), deadline_seconds=1)

    assert models_asked(claude) == [HAIKU]
    assert Attempt.objects.count() == 1


def test_a_stored_reply_is_served_while_the_model_is_paused(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask()
    claude.set_scenario("429(3600)", 0)
    with pytest.raises(RouteExhausted):
        ask(build_request("pauses both models"))
    cache.delete_pattern("reply:*")  # type: ignore[attr-defined]  # only the database knows the reply

    assert ask().obtained == Obtained.STORED


def by(user: User, text: str) -> Reply:
    return gateway.ask(
        build_request(text), feature=Feature.CLASSIFY, by=user, about=About("ticket", "1")
    )


def test_a_users_calls_have_a_rate_and_the_refusal_says_when_to_come_back(
    ask: Ask, claude: RunningSimulator, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(calls_per_minute=2)
    alice.refresh_from_db()
    for number in range(2):
        by(alice, f"{number}")

    with pytest.raises(RateExceeded) as caught:
        by(alice, "one too many")

    assert (caught.value.allowed, caught.value.used) == ("2", "2")
    assert 1 <= caught.value.retry_after_seconds <= 60
    assert caught.value.resets_at <= timezone.now() + timedelta(seconds=61)
    assert Call.objects.filter(error="rate_exceeded").count() == 1
    assert len(claude.bill()["requests"]) == 2


def test_background_work_has_no_rate(
    ask: Ask, claude: RunningSimulator, settings: Settings
) -> None:
    settings.TRIAGE_RATE_PER_MINUTE = 1

    assert [ask(build_request(f"{number}")).obtained for number in range(3)] == ["first"] * 3


def test_a_budgets_refusal_gives_the_probe_and_the_pace_back(
    ask: Ask, claude: RunningSimulator, settings: Settings
) -> None:
    settings.TRIAGE_BREAKER_SECONDS = 0.2
    claude.set_scenario("529@haiku-5-5x4", 0)
    ask(build_request("opens"))
    budget = Budget.objects.create(scope="installation", period="day", hard_nanousd=1)
    time.sleep(0.3)
    with pytest.raises(BudgetExceeded):
        ask(build_request("the probe that may not be paid"))
    budget.delete()

    assert ask(build_request("probes")).model_served == HAIKU
