"""Fifty drafts at once, thirty tokens a second each, from the upstream's first content byte to a reader's first `draft.delta`.

Each begins a tenth of a second after the one before, and all fifty stream together for seconds; in the last row they
begin in one instant instead, so that each first word competes with the beginning of forty-nine others.

One worker process writes them, one web process serves them to fifty readers in this process; the upstream is a process of its
own, whose first word is the time at which it left. All clocks are the machine's one monotonic clock.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from accounts import tokens
from accounts.models import Role, User
from accounts.models.tokens import Scope
from bench.stage import await_port, free_port, process
from triage.models import Channel, Draft, DraftState
from triage.services import drafts, intake
from triage.services.intake import NewTicket

DRAFTS, WORDS_PER_SECOND, WORDS = 50, 30, 300
BETWEEN_SECONDS = 0.1
ROUNDS = 3
MEDIAN_AT_MOST_MILLISECONDS = 100.0


@dataclass(slots=True)
class Reading:
    """What one reader saw: how late the first delta was, and the pauses between the later ones, in milliseconds."""

    first: float = 0.0
    pauses: list[float] = field(default_factory=list)
    is_whole: bool = False


def main() -> None:
    print("\n## Drafts while they are written\n")
    print(
        f"{DRAFTS} drafts at once, {WORDS_PER_SECOND} tokens a second each, {WORDS} tokens; {ROUNDS} rounds, simulated\n"
    )
    with _upstream(), _worker() as worker, _web() as (port, web):
        secret = _secret()
        pauses = [BETWEEN_SECONDS] * (ROUNDS + 1) + [0.0]
        rounds = [_round(port, secret, worker, web, pause=pause) for pause in pauses][
            1:
        ]  # one warms up
    _report(rounds)


@dataclass(frozen=True, slots=True)
class Round:
    """The readings of one round, and how much of a core each process took."""

    readings: list[Reading]
    worker_share: float
    web_share: float


def _round(
    port: int, secret: str, worker: psutil.Process, web: psutil.Process, *, pause: float
) -> Round:
    by = User.objects.get(email="streaming@example.com")
    ids = [
        intake.receive(NewTicket(description=f"Where is order {n}?", channel=Channel.API)).ticket.pk
        for n in range(DRAFTS)
    ]
    started, before = time.monotonic(), [_cpu(worker), _cpu(web)]
    readings = asyncio.run(_read_all(port, secret, ids, by, pause))
    passed, after = time.monotonic() - started, [_cpu(worker), _cpu(web)]
    shares = [(late - early) / passed for early, late in zip(before, after, strict=True)]
    states = set(Draft.objects.filter(ticket__in=ids).values_list("state", flat=True))
    if states != {DraftState.READY} or not all(reading.is_whole for reading in readings):
        sys.exit(f"error: not every draft came whole: {states}")
    return Round(readings, *shares)


async def _read_all(
    port: int, secret: str, ids: list[int], by: User, pause: float
) -> list[Reading]:
    """A draft for each ticket, one after the other, and a reader for each."""
    reading = []
    for ticket_id in ids:
        draft = await asyncio.to_thread(drafts.propose, ticket_id, by=by, is_fresh=True)
        reading.append(asyncio.create_task(_read(port, secret, draft.pk)))
        await asyncio.sleep(pause)
    return list(await asyncio.gather(*reading))


async def _read(port: int, secret: str, draft_id: int) -> Reading:
    """One reader of one draft, as a browser reads it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = f"/api/v1/drafts/{draft_id}/events"
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n\r\n"
    writer.write(head.encode())
    reading, name, last = Reading(), "", 0
    async for line in reader:
        if line.startswith(b"event: "):
            name = line[7:].strip().decode()
        if not line.startswith(b"data: "):
            continue
        now = time.monotonic_ns()
        if name == "draft.delta":
            if last:
                reading.pauses.append((now - last) / 1e6)
            else:
                sent = int(json.loads(line[6:])["text"].split()[0])
                reading.first = (now - sent) / 1e6
            last = now
        if name in ("draft.done", "draft.error"):
            reading.is_whole = name == "draft.done"
            break
    writer.close()
    return reading


@contextmanager
def _upstream() -> Iterator[None]:
    port = free_port()
    argv = (sys.executable, "-m", "bench.streamer", str(port), str(WORDS_PER_SECOND), str(WORDS))
    with process(argv):
        await_port(port)
        os.environ["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{port}"
        yield


@contextmanager
def _worker() -> Iterator[psutil.Process]:
    pool = ("-P", "threads", "-c", str(DRAFTS), "-Q", "drafts")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "error")
    argv = (sys.executable, "-m", "celery", "-A", "config", "worker", *pool, *quiet)
    with process(argv) as found:
        yield found


@contextmanager
def _web() -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    os.environ |= {"ALLOWED_HOSTS": "127.0.0.1", "TRIAGE_HTTPS": "0"}
    argv = ("-m", "uvicorn", "config.asgi:application", "--port", str(port), "--lifespan", "off")
    with process((sys.executable, *argv, "--log-level", "error")) as found:
        await_port(port)
        yield port, found


def _secret() -> str:
    by = User.objects.create_user(
        "streaming@example.com", role=Role.INTEGRATION, calls_per_minute=30_000
    )
    scopes = [Scope.TICKETS_READ, Scope.TICKETS_WRITE]
    return tokens.issue(by, name="streaming", scopes=scopes, by=by).secret


def _cpu(found: psutil.Process) -> float:
    times = found.cpu_times()
    return times.user + times.system


def _report(rounds: list[Round]) -> None:
    print(
        "| round | first delta: median | 90 % | longest | between deltas: median | worker | web |"
    )
    print("|---|---|---|---|---|---|---|")
    names = [*map(str, range(1, ROUNDS + 1)), "in one instant"]
    medians = [_row(name, found) for name, found in zip(names, rounds, strict=True)]
    median = statistics.median(medians[:ROUNDS])
    verdict = "within" if median <= MEDIAN_AT_MOST_MILLISECONDS else "ABOVE"
    print(
        f"\nMedian of the rounds: {median:.0f} ms, {verdict} the limit of {MEDIAN_AT_MOST_MILLISECONDS:.0f} ms."
    )


def _row(name: str, found: Round) -> float:
    """Print a round; its median."""
    firsts = sorted(reading.first for reading in found.readings)
    pauses = [pause for reading in found.readings for pause in reading.pauses]
    median = statistics.median(firsts)
    print(
        f"| {name} | {median:.0f} ms | {firsts[int(len(firsts) * 0.9)]:.0f} ms | {firsts[-1]:.0f} ms "
        f"| {statistics.median(pauses):.0f} ms | {found.worker_share:.0%} of a core | {found.web_share:.0%} |"
    )
    return median
