"""The recovery promises with their real timers (five minutes; the suite runs them a twentieth as long).

A worker killed mid-task: all triaged within 150 s. Redis gone for 60 s while tickets come in: every create succeeds, all are
triaged within 60 s of its return.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.stage import process, upstream
from config.embedded.wheel import get_redis
from triage.models import Channel, State, Ticket, Triage
from triage.services import intake
from triage.services.intake import NewTicket

PYTHON = (sys.executable, "-m")
WORKER = (
    *PYTHON,
    "celery",
    "-A",
    "config",
    "worker",
    "-Q",
    "triage,default",
    "-P",
    "threads",
    "-c",
    "16",
    "-l",
    "error",
)
BEAT = (*PYTHON, "celery", "-A", "config", "beat", "--pidfile=", "-l", "critical")
OUTAGE_SECONDS = 60
TICKETS = 30


def main() -> None:
    print("\n## Recovery, real timers\n")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REDIS_URL"] = f"unix://{folder}/r.sock"
        with upstream(latency_seconds=5.0):
            _kill_a_worker(folder)
        with upstream(latency_seconds=0.1):
            _stop_redis(folder)


@contextmanager
def _redis(folder: str) -> Iterator[None]:
    argv = [str(get_redis()), "--port", "0", "--unixsocket", f"{folder}/r.sock", "--save", ""]
    server = subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.kill()
        server.wait()


def _kill_a_worker(folder: str) -> None:
    _receive()
    with _redis(folder), process(BEAT):
        with process(WORKER) as worker:
            while Triage.objects.filter(state=State.RUNNING).count() < 10:
                time.sleep(0.2)
            for member in [*worker.children(recursive=True), worker]:
                member.kill()
        killed = time.monotonic()
        with process(WORKER):
            _await_done()
    seconds = time.monotonic() - killed
    print(
        f"worker killed by SIGKILL with tickets under way: all triaged {seconds:.0f} s later (limit 150)"
    )


def _stop_redis(folder: str) -> None:
    """Tickets are taken in by a process whose broker is the Redis that is gone."""
    with ExitStack() as application:
        with _redis(folder):
            application.enter_context(process(WORKER))
            application.enter_context(process(BEAT))
            time.sleep(15)
        before = Ticket.objects.count()
        ends = time.monotonic() + OUTAGE_SECONDS
        slowest = 0.0
        while time.monotonic() < ends:
            done = subprocess.run(
                [*PYTHON, "tests.integration.creator", "5"],
                capture_output=True,
                text=True,
                check=True,
            )
            slowest = max(slowest, float(done.stdout.split()[-1]))
            time.sleep(3)
        created = Ticket.objects.count() - before
        with _redis(folder):
            back = time.monotonic()
            _await_done()
            seconds = time.monotonic() - back
    print(
        f"Redis gone for {OUTAGE_SECONDS} s: {created} creates, none failed, the slowest {slowest:.2f} s; "
        f"all triaged {seconds:.0f} s after its return (limit 60)"
    )


def _receive() -> None:
    texts = [f"Order {n} of the recovery run is broken" for n in range(TICKETS)]
    intake.receive_many(
        [NewTicket(description=text, channel=Channel.API) for text in texts], is_urgent=False
    )


def _await_done() -> None:
    while Triage.objects.exclude(state=State.DONE).exists():
        time.sleep(0.2)
