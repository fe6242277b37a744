"""Every list page at a million tickets beside the same page at ten thousand: plans, blocks read, and time, interleaved.

A page passes if no query of it reads a whole big table or sorts more than 10,000 rows, and if it touches at most twice the
blocks and takes at most one and a half times as long as in the small database. There it is taken for no cheaper than the
first page of its kind: what ten thousand tickets cannot fill is no measure for a full page.
"""

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connections, router
from django.db.models import Model
from django.test.utils import override_settings

from bench import filters_data, plans
from bench.filters_data import database
from bench.filters_pages import Page, all_pages, prepare, queries_of
from bench.plans import Cost

SIZES = {"small": 10_000, "large": 1_000_000}
ROUNDS = 5
BUFFERS_AT_MOST, TIME_AT_MOST = 2.0, 1.5
TABLES = "accounts_team, accounts_user, triage_requester, triage_label"


@dataclass(frozen=True, slots=True)
class Measure:
    """One page in one database."""

    cost: Cost
    milliseconds: float


class _Router:
    """Sends everything to one of the databases."""

    chosen = "default"

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return _Router.chosen

    db_for_write = db_for_read


def main() -> None:
    print("\n## Pages at a million tickets\n")
    with _databases(), override_settings(ALLOWED_HOSTS=["*"], TRIAGE_API_PER_MINUTE=10**6):
        _fill()
        print("| page | buffers small | large | × | ms small | large | × | verdict |")
        print("|---|---|---|---|---|---|---|---|")
        failed = _measure_all()
    _explain_failures(failed)


@contextmanager
def _databases() -> Iterator[None]:
    """One for each size beside the stage's, made from it, and a router to choose by."""
    default = connections["default"]
    name = str(default.settings_dict["NAME"])
    default.close()
    default.close_pool()  # type: ignore[attr-defined]
    with psycopg.connect(**_server(), autocommit=True) as server:
        for alias in SIZES:
            server.execute(f"CREATE DATABASE bench_{alias} TEMPLATE {name}")
    for alias in SIZES:
        connections.settings[alias] = {**default.settings_dict, "NAME": f"bench_{alias}"}
    router.routers = [_Router()]
    try:
        yield
    finally:
        router.routers = []
        for alias in SIZES:
            connections[alias].close_pool()  # type: ignore[attr-defined]


def _server() -> dict[str, Any]:
    """How to reach the server without a database of ours."""
    parameters = connections["default"].get_connection_params()
    wanted = ("host", "port", "user", "password")
    return {name: parameters[name] for name in wanted if name in parameters} | {
        "dbname": "postgres"
    }


@contextmanager
def _in(alias: str) -> Iterator[None]:
    _Router.chosen = alias
    try:
        yield
    finally:
        _Router.chosen = "default"


def _fill() -> None:
    for alias, tickets in SIZES.items():
        started = time.perf_counter()
        with _in(alias):
            with database().cursor() as cursor:
                cursor.execute(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
            with filters_data.without_indexes():
                filters_data.fill(tickets)
            prepare()
        print(f"{tickets:,} tickets made in {time.perf_counter() - started:.0f} s")
    print()


def _measure_all() -> dict[str, tuple[list[str], Measure]]:
    """What is wrong with the pages that fail, by their names."""
    first: dict[str, Measure] = {}
    failed = {}
    for page in all_pages():
        found = _measure(page)
        base = first.setdefault(page.kind, found["small"])
        if faults := _judge(page, found["small"], found["large"], base):
            failed[f"{page.kind} {page.name}"] = (faults, found["large"])
    return failed


def _measure(page: Page) -> dict[str, Measure]:
    """The page in both databases; the rounds alternate between them."""
    shows, costs = {}, {}
    times: dict[str, list[float]] = {alias: [] for alias in SIZES}
    for alias in SIZES:
        with _in(alias):
            shows[alias] = page.prepare()
            costs[alias] = plans.explain(queries_of(shows[alias]), database=database())
    for _ in range(ROUNDS):
        for alias in SIZES:
            with _in(alias):
                started = time.perf_counter()
                shows[alias]()
                times[alias].append((time.perf_counter() - started) * 1000)
    return {a: Measure(costs[a], statistics.median(times[a])) for a in SIZES}


def _judge(page: Page, small: Measure, large: Measure, base: Measure) -> list[str]:
    """Print the page's line. What is wrong with it at the large size; nothing where it passes."""
    buffers = max(small.cost.buffers, base.cost.buffers)
    milliseconds = max(small.milliseconds, base.milliseconds)
    more, slower = large.cost.buffers / buffers, large.milliseconds / milliseconds
    faults = [*large.cost.faults]
    if more > BUFFERS_AT_MOST:
        faults.append(f"{more:.1f} × the buffers")
    if slower > TIME_AT_MOST:
        faults.append(f"{slower:.1f} × the time")
    print(
        f"| {page.kind} {page.name} | {buffers:,} | {large.cost.buffers:,} | {more:.1f} "
        f"| {milliseconds:.1f} | {large.milliseconds:.1f} | {slower:.1f} | {'; '.join(faults) or 'pass'} |",
        flush=True,
    )
    return faults


def _explain_failures(failed: Mapping[str, tuple[list[str], Measure]]) -> None:
    print(f"\n{len(failed)} pages fail.")
    for name, (faults, large) in failed.items():
        print(f"\n### {name}: {'; '.join(faults)}\n")
        print("\n\n".join(large.cost.plans))
