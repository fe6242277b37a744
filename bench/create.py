"""Creates per second through the REST API, beside a bare create of the same table: one uvicorn process each, interleaved.

Both have the same settings, middleware, token look-up, pool, table and indexes, and answer with the ticket as JSON. Ours alone
limits the body's size and the token's rate, refuses unknown fields, cleans every text, looks for instructions in it, finds or
makes the requester by e-mail address, finds a known `source` and `external_id`, stores a waiting triage and an event in the same
transaction, sends the triage to the workers, and reads the ticket back as it is shown everywhere.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import count
from typing import Any

import psutil

from accounts import tokens
from accounts.models import Role, User
from accounts.models.tokens import Scope
from bench.stage import await_port, durability, free_port, process
from triage.models import Requester

ROUNDS, REQUESTS, CONNECTIONS = 7, 200, 4
REQUESTERS = 50
RATIO_AT_LEAST = 0.60
SERVERS = {
    "ours": ("config.asgi:application", "/api/v1/tickets"),
    "bare": ("bench.bare:application", "/bare"),
}
TEXT = "My order {number} arrived broken. The box was open and two of the cups are in pieces. " * 3
numbers = count(1)

Build = Callable[[int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Server:
    path: str
    port: int
    process: psutil.Process


@dataclass(frozen=True, slots=True)
class Round:
    """Creates per second, and the server process's CPU for each."""

    per_second: float
    cpu_milliseconds: float


def main() -> None:
    print("\n## Creates per second\n")
    print(
        f"{ROUNDS} rounds of {REQUESTS}, interleaved, {CONNECTIONS} connections, one server process; {durability()}\n"
    )
    secret, requesters = _prepare()
    builders = {"ours": _our_body, "bare": lambda number: _bare_body(number, requesters)}
    with _server("ours") as ours, _server("bare") as bare:
        servers = {"ours": ours, "bare": bare}
        rounds = [
            {name: _round(servers[name], secret, builders[name]) for name in SERVERS}
            for _ in range(ROUNDS + 1)
        ][1:]  # the first warms up
    _report(rounds)


def _prepare() -> tuple[str, Sequence[int]]:
    """A token's secret, and requesters that both write tickets for."""
    caller = User.objects.create_user("create@example.com", role=Role.INTEGRATION)
    issued = tokens.issue(caller, name="create", scopes=[Scope.TICKETS_WRITE], by=caller)
    requesters = Requester.objects.bulk_create(
        Requester(name=f"Dana {n}", email=_email(n)) for n in range(REQUESTERS)
    )
    return issued.secret, [requester.pk for requester in requesters]


@contextmanager
def _server(name: str) -> Iterator[Server]:
    """The application on one process, for the time of the block."""
    application, path = SERVERS[name]
    port = free_port()
    os.environ |= {"TRIAGE_API_PER_MINUTE": "1000000000", "TRIAGE_LOG_LEVEL": "WARNING"}
    os.environ |= {"TRIAGE_HTTPS": "0", "ALLOWED_HOSTS": "127.0.0.1"}
    argv = [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--no-access-log"]
    with process([*argv, "--log-level", "warning", "--lifespan", "off"]) as started:
        await_port(port)
        yield Server(path, port, started)


def _our_body(number: int) -> dict[str, Any]:
    requester = number % REQUESTERS
    return {
        **_common(number),
        "requester": {"name": f"Dana {requester}", "email": _email(requester)},
    }


def _bare_body(number: int, requesters: Sequence[int]) -> dict[str, Any]:
    return {**_common(number), "requester": requesters[number % REQUESTERS]}


def _common(number: int) -> dict[str, Any]:
    return {
        "subject": f"Refund for order {number}",
        "description": TEXT.format(number=number),
        "priority": "high",
        "tags": ["vip", "cups"],
        "channel": "email",
        "source": "bench",
        "external_id": f"case-{number}",
        "custom_fields": {"order": number},
    }


def _email(number: int) -> str:
    return f"dana-{number}@example.com"


def _round(server: Server, secret: str, build: Build) -> Round:
    bodies = [json.dumps(build(next(numbers))).encode() for _ in range(REQUESTS)]
    shares = [bodies[start::CONNECTIONS] for start in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        started, used = time.perf_counter(), _cpu_seconds(server.process)
        for sent in [threads.submit(_send, server, secret, share) for share in shares]:
            sent.result()
        seconds = time.perf_counter() - started
    used = _cpu_seconds(server.process) - used
    return Round(REQUESTS / seconds, used * 1000 / REQUESTS)


def _send(server: Server, secret: str, bodies: Sequence[bytes]) -> None:
    """One after the other on one connection."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    for body in bodies:
        connection.request("POST", server.path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == HTTPStatus.CREATED, said
    connection.close()


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _report(rounds: list[dict[str, Round]]) -> None:
    print("| creates/s | median | range of the rounds | server's CPU ms each |")
    print("|---|---|---|---|")
    for name, label in (("ours", "POST /api/v1/tickets"), ("bare", "bare create")):
        rates = [found[name].per_second for found in rounds]
        cpu = statistics.median(found[name].cpu_milliseconds for found in rounds)
        print(
            f"| {label} | {statistics.median(rates):.0f} | {min(rates):.0f}–{max(rates):.0f} | {cpu:.1f} |"
        )
    ratios = [found["ours"].per_second / found["bare"].per_second for found in rounds]
    print(
        f"\nOurs is {statistics.median(ratios):.0%} of the bare one "
        f"(rounds {min(ratios):.0%}–{max(ratios):.0%}; limit {RATIO_AT_LEAST:.0%})."
    )
