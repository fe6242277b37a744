"""The breaker of a model is the whole fleet's: it opens on outages in a row, and one probe at a time judges it."""

from time import sleep

import pytest
from pytest_django import Settings

from tests import processes
from tests.integration.gateway.fleet_cases import (
    TOKENS,
    admit,
    fail,
    gates_elsewhere,
    new_model,
    succeed,
)
from triage.exceptions import AttemptFailed, KeyRejected, RequestRejected, UpstreamSilent
from triage.services.gateway import fleet
from triage.services.gateway.fleet import Breaker, Change, Gate, asking

OPEN_SECONDS = 0.4
PROBER = """
import sys
import time
import django
django.setup()
from tests.integration.gateway.fleet_cases import admit
from triage.services.gateway.fleet import asking
asking.PROBE_SECONDS = 1.0
print(admit(sys.argv[1]).is_probe, flush=True)
time.sleep(60)
"""


@pytest.fixture
def short(settings: Settings) -> None:
    settings.TRIAGE_BREAKER_SECONDS = OPEN_SECONDS


def probed_model() -> str:
    """A model whose breaker is open and whose probe is on its way."""
    model = new_model()
    fail(model, times=4)
    sleep(OPEN_SECONDS + 0.05)
    assert admit(model).is_probe
    return model


def test_four_outages_in_a_row_open_the_breaker() -> None:
    model = new_model()

    changes = fail(model, times=4)

    assert changes == [Change.NONE, Change.NONE, Change.NONE, Change.OPENED]
    refused = admit(model)
    assert refused.gate is Gate.OPEN
    assert 19 < refused.wait_seconds <= 20


def test_an_open_breaker_is_open_for_every_process_and_for_this_model_alone() -> None:
    failing, other = new_model(), new_model()

    fail(failing, times=4)

    assert gates_elsewhere(failing, other) == ["open", "go"]


def test_a_success_ends_the_row_of_failures() -> None:
    model = new_model()

    fail(model, times=3)
    succeed(model)
    fail(model, times=3)

    assert admit(model).gate is Gate.GO
    assert fleet.look(model).failures_in_a_row == 3


def test_how_many_failures_open_it_is_a_setting(settings: Settings) -> None:
    settings.TRIAGE_BREAKER_FAILURES = 2
    model = new_model()

    assert fail(model, times=2)[-1] is Change.OPENED


@pytest.mark.parametrize("error", [RequestRejected("400"), KeyRejected("401")])
def test_a_failure_that_is_no_outage_opens_nothing(error: AttemptFailed) -> None:
    model = new_model()

    changes = fail(model, error, times=8)

    assert set(changes) == {Change.NONE}
    assert admit(model).gate is Gate.GO


def test_after_its_time_an_open_breaker_admits_one_probe(short: None) -> None:
    model = new_model()
    fail(model, times=4)
    sleep(OPEN_SECONDS + 0.05)

    first, second = admit(model), admit(model)

    assert (first.gate, first.is_probe) == (Gate.GO, True)
    assert (second.gate, second.is_probe) == (Gate.OPEN, False)
    assert 0 < second.wait_seconds <= asking.PROBE_SECONDS


def test_the_probes_success_closes_the_breaker(short: None) -> None:
    model = probed_model()

    change = succeed(model, was_probe=True)

    assert change is Change.CLOSED
    assert admit(model).gate is Gate.GO
    assert fail(model, times=3) == [Change.NONE] * 3


def test_the_probes_outage_opens_the_breaker_again(short: None) -> None:
    model = probed_model()

    change = fail(model, UpstreamSilent("silent"), was_probe=True)

    assert change == [Change.OPENED]
    assert admit(model).gate is Gate.OPEN
    sleep(OPEN_SECONDS + 0.05)
    assert admit(model).is_probe


def test_a_probe_that_was_rejected_judges_nothing_and_gives_its_place_back(short: None) -> None:
    model = probed_model()

    change = fail(model, RequestRejected("400"), was_probe=True)

    assert change == [Change.NONE]
    assert admit(model).is_probe


def test_a_released_probe_gives_its_place_back(short: None) -> None:
    model = probed_model()

    fleet.release(model, estimated=TOKENS, was_probe=True)

    assert admit(model).is_probe


def test_what_left_before_the_breaker_opened_does_not_judge_it(short: None) -> None:
    model = probed_model()

    changes = [succeed(model), *fail(model)]

    assert changes == [Change.NONE, Change.NONE]
    assert admit(model).gate is Gate.OPEN
    assert succeed(model, was_probe=True) is Change.CLOSED


def test_a_killed_prober_keeps_the_probe_no_longer_than_its_time(short: None) -> None:
    model = new_model()
    fail(model, times=4)
    sleep(OPEN_SECONDS + 0.05)
    prober = processes.start("-c", PROBER, model)
    assert prober.stdout is not None
    assert prober.stdout.readline() == "True\n"

    processes.kill(prober)

    assert admit(model).gate is Gate.OPEN
    sleep(1.1)
    assert admit(model).is_probe


def test_the_view_follows_the_breaker(short: None) -> None:
    model = new_model()
    states = [fleet.look(model)]

    fail(model, times=4)
    states.append(fleet.look(model))
    sleep(OPEN_SECONDS + 0.05)
    states.append(fleet.look(model))
    admit(model)
    states.append(fleet.look(model))
    succeed(model, was_probe=True)
    states.append(fleet.look(model))

    assert [state.breaker for state in states] == [
        Breaker.CLOSED,
        Breaker.OPEN,
        Breaker.READY,
        Breaker.PROBING,
        Breaker.CLOSED,
    ]
    assert [state.open_since is not None for state in states] == [False, True, True, True, False]
