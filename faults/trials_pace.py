"""Tickets through real workers at a provider with a tight limit: the fleet learns it, keeps to it, and lets people go first."""

import os
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accounts.models import Role, User
from bench.stage import LABEL, ROOT
from config.supervisor_table import build_worker
from faults.trials_match import match
from faults.trials_processes import Job
from faults.trials_world import Finding, World, await_true
from triage.models import Call, Channel, Feature, Label, Ticket
from triage.queue import find_workers
from triage.services import classification, intake, taxonomy
from triage.services.intake import NewTicket

EMAIL = "trial@example.com"
LATENCY_SECONDS = 0.3
BATCH = 500
SWEEP_SECONDS = 15.0
GIVE_UP_SECONDS = 900.0
RECENT_CALLS = 20


def pace(
    world: World,
    *,
    tickets: int,
    per_minute: int,
    workers: int = 2,
    threads: int = 48,
    most_429s: int | None = None,
    slack_seconds: float = 5.0,
) -> list[Finding]:
    """Triage so many tickets where each model may be asked `per_minute` times; in the middle a person asks something.

    Args:
        most_429s: By default one in a hundred requests. The fleet begins with the documented tier's pace, so the first second
            may bring some at any size.
        slack_seconds: What the first and the last answer may add to the time that the limit alone makes necessary.
    """
    world = World(world.claude, {**world.environment, "TRIAGE_PACE": "{}"})  # the product's own
    world.begin(f"rpm({per_minute})+slow({LATENCY_SECONDS})")
    before = Ticket.objects.count()
    person = _prepare(tickets)
    with world.crew() as crew, _working(world, workers=workers, threads=threads):
        started = time.monotonic()
        sum(classification.enqueue_waiting())
        _await_finished(before + tickets // 2)
        asked = crew.run(Job(("a person asks",), by_id=person.pk))[0]
        background = _background_seconds()
        _await_finished(before + tickets)
        seconds = time.monotonic() - started
    bill = world.claude.wait_until_settled()
    done = classification.progress().done - before
    return [
        Finding("tickets triaged", f"{done:,}", f"{tickets:,}", done == tickets),
        *_kept_pace(bill["requests"], per_minute, seconds, most_429s, slack_seconds),
        Finding(
            "a person's wait in the middle, beside the background's",
            f"{asked.seconds:.1f} s, {background:.1f} s",
            "shorter",
            bool(asked.obtained) and asked.seconds < background,
        ),
        *match(bill).findings(),
    ]


def _kept_pace(
    requests: list[dict[str, Any]],
    per_minute: int,
    seconds: float,
    most_429s: int | None,
    slack_seconds: float,
) -> list[Finding]:
    statuses = Counter(row["status"] for row in requests)
    refused = statuses[429]
    allowed = len(requests) / 100 if most_429s is None else most_429s
    by_model = Counter(row["model"] for row in requests if row["status"] == 200)
    least_seconds = 60 * max(by_model.values()) / per_minute
    return [
        Finding("answers by model", ", ".join(f"{n:,} {model}" for model, n in by_model.items())),
        Finding(
            "requests refused with 429",
            f"{refused} of {len(requests):,}",
            f"at most {allowed:.0f}",
            refused <= allowed,
        ),
        Finding(
            f"seconds at {per_minute:,} a minute for each model",
            f"{seconds:.1f}",
            f"near {least_seconds:.1f}",
            seconds <= 1.2 * least_seconds + slack_seconds,
        ),
    ]


def _prepare(tickets: int) -> User:
    """The tickets, labels for them where there are none, and a person who may ask."""
    if not Label.objects.exists():
        for slug in (LABEL, "login"):
            Label.objects.create(slug=slug, name=slug, description=f"All about {slug}.")
        taxonomy.publish(by=User.objects.system())
    for start in range(0, tickets, BATCH):
        numbers = range(start, min(start + BATCH, tickets))
        texts = (f"Order {number} arrived broken, I want my money back." for number in numbers)
        new = [NewTicket(description=text, channel=Channel.API) for text in texts]
        intake.receive_many(new, is_urgent=False)
    person, _ = User.objects.get_or_create(email=EMAIL, defaults={"role": Role.AGENT})
    return person


@contextmanager
def _working(world: World, *, workers: int, threads: int) -> Iterator[None]:
    """The product's triage workers, ready when the block begins and killed at its end."""
    started = [_start_worker(world, f"trial-{n}", threads) for n in range(workers)]
    try:
        await_true(
            lambda: len(find_workers(within_seconds=1) or []) >= workers,
            "the workers have started",
            seconds=60,
        )
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _start_worker(world: World, name: str, threads: int) -> subprocess.Popen[bytes]:
    child = build_worker(name, queues="triage,default", pool="threads", concurrency=threads)
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        child.argv,
        cwd=ROOT,
        env=dict(world.environment),
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
    )


def _await_finished(tickets: int) -> None:
    """Until so many are triaged; what was skipped is caught up as the sweeper does it."""
    sweep_at = time.monotonic() + SWEEP_SECONDS

    def is_finished() -> bool:
        nonlocal sweep_at
        if time.monotonic() > sweep_at:
            sweep_at += SWEEP_SECONDS
            classification.sweep()
        return classification.progress().done >= tickets

    await_true(
        is_finished, f"{tickets:,} tickets are triaged", seconds=GIVE_UP_SECONDS, poll_seconds=0.1
    )


def _background_seconds() -> float:
    """How long the latest first-stage calls of `system` took, at the median."""
    calls = Call.objects.filter(
        feature=Feature.CLASSIFY, state="answered", by=User.objects.system()
    ).order_by("-finished_at")[:RECENT_CALLS]
    return statistics.median((call.latency_ms or 0) / 1000 for call in calls)
