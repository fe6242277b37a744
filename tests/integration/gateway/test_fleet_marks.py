"""A model that said 429, 404, or is slow, is left alone by the whole fleet for as long as that makes sense."""

from datetime import timedelta
from time import sleep

import pytest
from django.utils import timezone

from tests.integration.gateway.fleet_cases import (
    admit,
    fail,
    gates_elsewhere,
    new_model,
    succeed,
)
from triage.exceptions import ModelGone, RateLimited, SpendCapReached
from triage.services.gateway import fleet
from triage.services.gateway.fleet import Change, Gate, asking


def limited(seconds: float | None) -> RateLimited:
    return RateLimited("429", http_status=429, retry_after_seconds=seconds)


def test_a_429_pauses_the_model_for_its_retry_after_in_every_process() -> None:
    model, other = new_model(), new_model()

    changes = fail(model, limited(30))

    assert changes == [Change.PAUSED]
    refused = admit(model)
    assert refused.gate is Gate.PAUSED
    assert 29 < refused.wait_seconds <= 30
    assert gates_elsewhere(model, other) == ["paused", "go"]


def test_the_longest_pause_wins_and_only_the_first_is_a_change() -> None:
    model = new_model()

    changes = [*fail(model, limited(10)), *fail(model, limited(30)), *fail(model, limited(2))]

    assert changes == [Change.PAUSED, Change.NONE, Change.NONE]
    assert 29 < admit(model).wait_seconds <= 30


def test_a_429_without_a_time_pauses_for_a_second() -> None:
    model = new_model()

    fail(model, limited(None))

    assert 0 < admit(model).wait_seconds <= 1
    sleep(1.05)
    assert admit(model).gate is Gate.GO


@pytest.mark.parametrize("seconds", [86_400.0, float("inf")])
def test_a_pause_lasts_an_hour_at_most(seconds: float) -> None:
    model = new_model()

    fail(model, limited(seconds))

    assert 3590 < admit(model).wait_seconds <= 3600


def test_a_429_is_no_outage() -> None:
    model = new_model()

    fail(model, limited(0.01), times=6)

    assert fleet.look(model).failures_in_a_row == 0


def test_a_spend_cap_is_no_pause() -> None:
    model = new_model()

    changes = fail(model, SpendCapReached("429", http_status=429))

    assert changes == [Change.NONE]
    assert admit(model).gate is Gate.GO


def test_a_404_marks_the_model_gone_for_ten_minutes() -> None:
    model = new_model()

    changes = fail(model, ModelGone("404"), times=2)

    assert changes == [Change.GONE, Change.NONE]
    refused = admit(model)
    assert refused.gate is Gate.GONE
    assert 595 < refused.wait_seconds <= 600


def test_a_model_slower_than_the_callers_limit_is_refused_except_for_a_probe_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "SLOW_PROBE_SECONDS", 0.5)
    model = new_model()
    for _ in range(5):
        succeed(model, latency_ms=4000)

    gates = [admit(model, latency_limit_seconds=2).gate for _ in range(2)]
    sleep(0.55)
    gates.append(admit(model, latency_limit_seconds=2).gate)

    assert gates == [Gate.GO, Gate.SLOW, Gate.GO]
    assert admit(model, latency_limit_seconds=5).gate is Gate.GO
    assert admit(model).gate is Gate.GO


def test_four_successes_are_no_average() -> None:
    model = new_model()
    for _ in range(4):
        succeed(model, latency_ms=4000)

    gates = [admit(model, latency_limit_seconds=2).gate for _ in range(2)]

    assert gates == [Gate.GO, Gate.GO]


def test_the_average_gives_the_newest_success_three_tenths() -> None:
    model = new_model()

    succeed(model, latency_ms=1000)
    succeed(model, latency_ms=2000)

    assert fleet.look(model).latency_ms == pytest.approx(1300)  # 0.7 * 1000 + 0.3 * 2000


def test_the_view_says_until_when() -> None:
    model = new_model()
    fail(model, limited(30))
    fail(model, ModelGone("404"))

    view = fleet.look(model)

    now = timezone.now()
    assert view.is_known
    assert view.paused_until is not None
    assert abs(view.paused_until - now - timedelta(seconds=30)) < timedelta(seconds=1)
    assert view.gone_until is not None
    assert abs(view.gone_until - now - timedelta(seconds=600)) < timedelta(seconds=1)
