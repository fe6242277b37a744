"""Each user has so many interactive calls in any minute; without Redis nobody is refused, and an alert says so."""

from pathlib import Path

import pytest
from django.conf import settings as configured
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.test_recovery import PrivateRedis
from triage.exceptions import RateExceeded
from triage.models import Alert, AlertKind
from triage.services.gateway import rates
from triage.services.gateway.fleet import outage
from triage.services.gateway.fleet.outage import Outage


@pytest.fixture(autouse=True)
def fresh(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TRIAGE_RATE_PER_MINUTE = 3
    monkeypatch.setattr(rates, "_alarm", rates.Alarm())
    monkeypatch.setattr(rates, "_outage", Outage("a test"))


@pytest.fixture
def no_redis(settings: Settings, tmp_path: Path) -> None:
    default = {**configured.CACHES["default"], "LOCATION": PrivateRedis(tmp_path).url}
    settings.CACHES = {**configured.CACHES, "default": default}


def test_the_call_above_the_limit_is_refused_with_when_to_come_back(alice: User) -> None:
    for _ in range(3):
        rates.check(alice)

    with pytest.raises(RateExceeded) as refused:
        rates.check(alice)

    error = refused.value
    assert (error.limit, error.allowed, error.used) == ("interactive calls per minute", "3", "3")
    assert 55 <= error.retry_after_seconds <= 60
    seconds = (error.resets_at - timezone.now()).total_seconds()
    assert error.retry_after_seconds - 2 < seconds <= error.retry_after_seconds


def test_each_user_has_a_window_of_their_own(alice: User, bob: User) -> None:
    for _ in range(3):
        rates.check(alice)

    rates.check(bob)

    assert rates.quota(bob).left == 2


def test_a_refused_call_is_not_counted(alice: User) -> None:
    alice.calls_per_minute = 2
    rates.check(alice)
    rates.check(alice)
    before = rates.quota(alice).resets_at

    for _ in range(3):
        with pytest.raises(RateExceeded):
            rates.check(alice)

    assert rates.quota(alice).resets_at == before


@pytest.mark.parametrize(("own", "allowed"), [(None, 3), (1, 1), (0, 0)])
def test_a_users_own_number_replaces_the_installations(
    alice: User, own: int | None, allowed: int
) -> None:
    alice.calls_per_minute = own

    for _ in range(allowed):
        rates.check(alice)

    with pytest.raises(RateExceeded):
        rates.check(alice)


def test_looking_at_the_quota_counts_nothing(alice: User) -> None:
    rates.check(alice)

    quotas = {(rates.quota(alice).allowed, rates.quota(alice).left) for _ in range(5)}

    assert quotas == {(3, 2)}


def test_without_redis_nobody_is_refused_and_one_alert_is_written(
    alice: User, no_redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "REST_SECONDS", 0.0)

    for _ in range(20):
        rates.check(alice)

    alert = Alert.objects.get()
    assert (alert.kind, alert.scope, alert.times) == (AlertKind.REDIS_DOWN, "rates", 1)
    assert rates.quota(alice).left == 3


def test_the_alert_is_resolved_when_redis_answers_again(alice: User, settings: Settings) -> None:
    with_redis = configured.CACHES
    gone = {**with_redis["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {**with_redis, "default": gone}
    rates.check(alice)
    assert Alert.objects.filter(resolved_at__isnull=True).exists()

    settings.CACHES = with_redis
    rates._outage = Outage("a test")
    rates.check(alice)

    assert not Alert.objects.filter(resolved_at__isnull=True).exists()
    assert rates.quota(alice).left == 2


def test_an_alert_that_a_dead_process_left_open_is_resolved(alice: User) -> None:
    Alert.objects.open_once(AlertKind.REDIS_DOWN, scope="rates", message="left open")

    rates.check(alice)

    assert not Alert.objects.filter(resolved_at__isnull=True).exists()
