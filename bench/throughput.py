"""Tickets per second through the whole path: task, gateway, PostgreSQL, result; and where the CPU goes."""

import os
import time

import psutil

from bench.stage import children, upstream
from config.supervisor_table import Ports, build_product
from triage.models import Channel
from triage.queue import find_workers
from triage.services import classification, intake
from triage.services.intake import NewTicket

TICKETS = 3_000
LATENCY_SECONDS = 0.8
GIVE_UP_SECONDS = 300.0


def main() -> None:
    print("\n## Tickets per second\n")
    with upstream(latency_seconds=LATENCY_SECONDS) as claude:
        _store_tickets()
        table = build_product(Ports(host="127.0.0.1", web=0, simulator=None))
        workers = {c.name: c.argv for c in table.children if c.name.startswith("triage")}
        with children(workers) as processes:
            _await_workers(len(workers))
            watched = processes | _servers()
            before = {name: _cpu_seconds(process) for name, process in watched.items()}
            started = time.perf_counter()
            sum(classification.enqueue_waiting())
            _await_done()
            seconds = time.perf_counter() - started
            used = {name: _cpu_seconds(p) - before[name] for name, p in watched.items()}
        _report(seconds, used, claude.seen())


def _store_tickets() -> None:
    for start in range(0, TICKETS, 500):
        texts = (
            f"Order {n} arrived broken, I want my money back." for n in range(start, start + 500)
        )
        new = [NewTicket(description=text, channel=Channel.API) for text in texts]
        intake.receive_many(new, is_urgent=False)


def _await_workers(count: int) -> None:
    ends = time.monotonic() + 60
    while len(find_workers(within_seconds=1) or []) < count:
        if time.monotonic() > ends:
            raise SystemExit("error: the workers did not start")


def _await_done() -> None:
    ends = time.monotonic() + GIVE_UP_SECONDS
    while classification.progress().done < TICKETS:
        if time.monotonic() > ends:
            raise SystemExit(
                f"error: not finished in {GIVE_UP_SECONDS:.0f} s: {classification.progress()}"
            )
        time.sleep(0.25)


def _servers() -> dict[str, psutil.Process]:
    """PostgreSQL's and Redis' main processes and the upstream: the youngest of their kind are ours."""
    marks = {
        "PostgreSQL": "/bin/postgres -D",
        "Redis": "redis-server",
        "upstream": "bench.upstream",
    }
    found: dict[str, psutil.Process] = {}
    for process in sorted(psutil.process_iter(["cmdline", "create_time"]), key=_age):
        command = " ".join(process.info["cmdline"] or [])
        for name, mark in marks.items():
            if mark in command:
                found[name] = process
    return found


def _age(process: psutil.Process) -> float:
    return float(process.info["create_time"] or 0)


def _cpu_seconds(process: psutil.Process) -> float:
    """Of the process and all it started, those that ended included."""
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        times = member.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _report(seconds: float, used: dict[str, float], asked: int) -> None:
    print(
        f"{TICKETS:,} distinct tickets, upstream latency {LATENCY_SECONDS * 1000:.0f} ms, {os.cpu_count()} cores\n"
    )
    print(
        f"**{TICKETS / seconds:.1f} tickets/s** in {seconds:.1f} s (limit 60/s); {asked:,} requests upstream\n"
    )
    print("| process | CPU ms a ticket | share |")
    print("|---|---|---|")
    total = sum(used.values())
    for name, cpu in sorted(used.items(), key=lambda item: -item[1]):
        print(f"| {name} | {cpu * 1000 / TICKETS:.2f} | {cpu / total:.0%} |")
    print(
        f"| all | {total * 1000 / TICKETS:.2f} | of {seconds * (os.cpu_count() or 1) * 1000 / TICKETS:.2f} |"
    )
