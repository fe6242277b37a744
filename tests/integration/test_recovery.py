"""No ticket is lost: a worker killed mid-task, Redis gone while tickets come in. Timers are a twentieth of the real ones."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from accounts.models import User
from config.embedded.wheel import get_redis
from tests import processes
from triage.models import Attempt, Certainty, Label, State, Ticket, Triage
from triage.services import taxonomy
from triage.simulator import RunningSimulator

SCALE = 20
TIMERS = {
    "TRIAGE_CLAIM_SECONDS": str(100 / SCALE),
    "TRIAGE_SWEEP_SECONDS": str(15 / SCALE),
    "TRIAGE_SWEEP_GRACE_SECONDS": str(20 / SCALE),
}
# What the timers do not scale: the processes' start and the pauses between a client's reconnects.
PROCESS_SECONDS = 20


@pytest.fixture
def labels(transactional_db: None) -> None:
    for slug, words in (
        ("refund", "Money back for a broken or unwanted order."),
        ("login", "Cannot sign in, a forgotten password, a locked account."),
    ):
        Label.objects.create(slug=slug, name=slug, description=words, examples=[words])
    taxonomy.publish(by=User.objects.system())


class PrivateRedis:
    """A Redis that the test may stop and start."""

    def __init__(self, folder: Path) -> None:
        socket = f"/tmp/triage-test-redis-{os.getpid()}.sock"
        self.url = f"unix://{socket}"
        self._folder = folder
        self._argv = [str(get_redis()), "--port", "0", "--unixsocket", socket, "--save", ""]

    @contextmanager
    def running(self) -> Iterator[None]:
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(self._argv, cwd=self._folder, stdout=quiet, stderr=quiet)
        try:
            yield
        finally:
            server.kill()
            server.wait()


def create(count: int, *, redis_url: str) -> float:
    """Tickets taken in by a process of their own; the seconds of the slowest create."""
    child = processes.start("-m", "tests.integration.creator", str(count), REDIS_URL=redis_url)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 0, output
    return float(output.split()[-1])


def wait_until(is_true: Callable[[], bool], *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not is_true():
        states = list(Triage.objects.values_list("state", "skip_reason").distinct())
        assert time.monotonic() < ends, f"it did not happen in time: {states}"
        time.sleep(0.05)


def all_are(state: State) -> bool:
    return not Triage.objects.exclude(state=state).exists()


def test_a_worker_killed_in_the_middle_of_its_tickets_loses_none(
    labels: None, claude: RunningSimulator, tmp_path: Path
) -> None:
    redis = PrivateRedis(tmp_path)
    claude.set_scenario("silence", 0)
    with redis.running():
        with processes.worker(REDIS_URL=redis.url, **TIMERS) as first:
            create(8, redis_url=redis.url)
            wait_until(lambda: all_are(State.RUNNING), seconds=PROCESS_SECONDS)
            processes.kill(first)
        claude.set_scenario("calm", 0)

        with (
            processes.worker(REDIS_URL=redis.url, **TIMERS),
            processes.beat(REDIS_URL=redis.url, **TIMERS),
        ):
            wait_until(lambda: all_are(State.DONE), seconds=150 / SCALE + PROCESS_SECONDS)

    assert Ticket.objects.count() == 8
    assert Attempt.objects.filter(certainty=Certainty.OPEN).count() <= 8


def test_tickets_created_while_redis_is_down_are_stored_at_once_and_triaged_after_its_return(
    labels: None, claude: RunningSimulator, tmp_path: Path
) -> None:
    redis = PrivateRedis(tmp_path)
    with ExitStack() as application:
        with redis.running():
            application.enter_context(processes.worker(REDIS_URL=redis.url, **TIMERS))
            application.enter_context(processes.beat(REDIS_URL=redis.url, **TIMERS))
            create(1, redis_url=redis.url)
            wait_until(lambda: all_are(State.DONE), seconds=PROCESS_SECONDS)

        slowest = create(20, redis_url=redis.url)  # Redis is gone
        assert Ticket.objects.count() == 21
        assert slowest < 2
        time.sleep(60 / SCALE)

        with redis.running():
            # Not scaled: a worker's pauses between its tries to reconnect are Celery's own.
            wait_until(lambda: all_are(State.DONE), seconds=60)
