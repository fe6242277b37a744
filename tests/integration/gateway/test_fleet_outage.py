"""Without Redis nobody is held up: everything fails open, at the price of one timeout a second for one caller."""

import socket
from pathlib import Path
from time import monotonic, sleep

import pytest
from django.conf import settings as configured
from pytest_django import Settings
from redis import RedisError
from structlog.testing import capture_logs

from tests.integration.gateway.fleet_cases import admit, fail, new_model, succeed
from tests.integration.test_recovery import PrivateRedis
from triage.services.gateway import fleet
from triage.services.gateway.fleet import Change, Gate, outage, scripts
from triage.services.gateway.fleet.connection import get_redis
from triage.services.gateway.fleet.outage import Outage


@pytest.fixture
def redis(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrivateRedis:
    """A Redis of the test's own in place of the suite's; it is not running."""
    private = PrivateRedis(tmp_path)
    use(private.url, settings)
    monkeypatch.setattr(scripts, "outage", Outage("a test"))
    return private


def use(url: str, settings: Settings) -> None:
    default = {**configured.CACHES["default"], "LOCATION": url}
    settings.CACHES = {**configured.CACHES, "default": default}


@pytest.fixture
def no_redis(redis: PrivateRedis) -> PrivateRedis:
    """A Redis that was there and is gone."""
    with redis.running():
        wait_until_it_answers()
        assert admit(new_model()).gate is Gate.GO
    return redis


def wait_until_it_answers() -> None:
    ends = monotonic() + 10
    while True:
        try:
            get_redis().ping()
        except RedisError:
            assert monotonic() < ends
            sleep(0.02)
        else:
            return


def test_without_redis_everybody_goes_and_nothing_changes(no_redis: PrivateRedis) -> None:
    model = new_model()

    started = monotonic()
    changes = [*fail(model, times=8), succeed(model)]
    gates = {admit(model).gate for _ in range(200)}

    assert monotonic() - started < 1.5
    assert set(changes) == {Change.NONE}
    assert gates == {Gate.GO}
    assert not fleet.look(model).is_known


def test_it_is_said_once_and_not_for_every_failure(
    no_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "REST_SECONDS", 0.0)

    with capture_logs() as logs:
        for _ in range(50):
            admit(new_model())

    assert [line["event"] for line in logs] == ["redis is down"]


def test_a_redis_that_hangs_holds_up_one_call(
    redis: PrivateRedis, settings: Settings, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
        deaf.listen()
        use(f"unix://{tmp_path}/deaf.sock", settings)

        started = monotonic()
        gates = {admit(new_model()).gate for _ in range(50)}

    assert gates == {Gate.GO}
    assert monotonic() - started < 1.8  # the socket's timeout is a second


def test_once_redis_is_back_the_fleet_is_asked_again(no_redis: PrivateRedis) -> None:
    model = new_model()
    admit(model)

    with no_redis.running():
        wait_until_it_answers()
        sleep(1.1)
        fail(model, times=4)

        assert admit(model).gate is Gate.OPEN
