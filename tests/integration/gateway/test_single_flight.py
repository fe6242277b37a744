"""One answer, one bill: equal calls in flight across processes make one request, also when their leader dies."""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import processes
from tests.integration.gateway.conftest import Ask
from triage.exceptions import RouteExhausted
from triage.models import Obtained, StoredReply
from triage.services.gateway import dedup, leases, routes
from triage.simulator import RunningSimulator


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.02)


def start_callers(count: int, *, threads: int) -> list[subprocess.Popen[str]]:
    """Processes that are ready to ask, all at one word."""
    module = "tests.integration.gateway.caller"
    callers = [processes.start("-m", module, str(threads)) for _ in range(count)]
    for caller in callers:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "ready\n"
    return callers


def release(callers: list[subprocess.Popen[str]]) -> None:
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write("go\n")
        caller.stdin.flush()


def test_20_equal_calls_from_4_processes_make_one_request(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("slow", 0)
    callers = start_callers(4, threads=5)

    release(callers)
    outputs = [caller.communicate(timeout=30)[0] for caller in callers]

    lines = [line.split() for output in outputs for line in output.splitlines()]
    assert len(lines) == 20
    assert sorted({obtained for obtained, _ in lines}) in (
        ["first", "joined"],
        ["first", "joined", "stored"],
    )
    assert sum(1 for obtained, _ in lines if obtained == Obtained.FIRST) == 1
    assert len(claude.bill()["requests"]) == 1
    assert sum(int(cost) for _, cost in lines) == claude.bill()["totals"]["cost_nanousd"]


def test_a_follower_takes_over_when_the_leader_is_killed(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("silencex1", 0)
    callers = start_callers(1, threads=1)
    release(callers)
    wait_until(lambda: len(claude.bill()["requests"]) == 1)

    processes.kill(callers[0])
    started = time.monotonic()
    reply = ask()

    assert reply.obtained == Obtained.FIRST
    assert len(claude.bill()["requests"]) == 2
    assert time.monotonic() - started < dedup.LEASE_SECONDS + 3


def test_a_living_owner_keeps_its_claim_for_longer_than_a_lease(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dedup, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(leases, "_renewer", leases.Renewer())
    claude.set_scenario("slow", 0)

    with ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda _: ask(), range(2)))

    assert sorted(reply.obtained for reply in replies) == [Obtained.FIRST, Obtained.JOINED]
    assert len(claude.bill()["requests"]) == 1


def test_a_failed_leader_gives_its_claim_back_at_once(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("529x6", 0)

    with pytest.raises(RouteExhausted):
        ask()

    assert not StoredReply.objects.exists()
    assert ask().tries == 1


def wait_until(is_true: Callable[[], bool], *, seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)
