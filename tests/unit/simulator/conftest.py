"""One simulator for the session, reset before each test, with a clock that tests set."""

from collections.abc import Iterator

import anthropic
import pytest

from triage.simulator import RunningSimulator, running

from .helpers import NOW, TestClock


@pytest.fixture(scope="session")
def simulator_clock() -> TestClock:
    """The clock of the session's simulator."""
    return TestClock(NOW)


@pytest.fixture(scope="session")
def simulator_process(simulator_clock: TestClock) -> Iterator[RunningSimulator]:
    """The session's simulator."""
    with running(clock=simulator_clock) as started:
        yield started


@pytest.fixture
def clock(simulator_clock: TestClock) -> TestClock:
    """The clock, back at 2026-11-21."""
    simulator_clock.now = NOW
    return simulator_clock


@pytest.fixture
def simulator(simulator_process: RunningSimulator, clock: TestClock) -> RunningSimulator:
    """A calm simulator with an empty bill and cache."""
    simulator_process.set_scenario("calm")
    simulator_process.reset()
    return simulator_process


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[anthropic.Anthropic]:
    """The real SDK, without retries of its own."""
    with anthropic.Anthropic(
        api_key="sim", base_url=simulator.base_url, max_retries=0, timeout=10
    ) as sdk:
        yield sdk
