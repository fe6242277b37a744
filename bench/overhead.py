"""A governed call beside a bare SDK call and two bare commits: same thread, same upstream, interleaved.

The call is an interactive one, with everything switched on: the user's rate, three budgets, the breaker and the pace.
"""

import statistics
from collections.abc import Callable
from time import perf_counter

import anthropic
from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from bench.stage import durability, upstream
from triage.models import Budget, Feature
from triage.services import gateway
from triage.services.classification.answer import answer_schema
from triage.services.gateway import About, Request
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.shaping import shape

ROUNDS, CALLS = 7, 150


def main() -> None:
    print("\n## A governed call over a bare one\n")
    print(
        f"{ROUNDS} rounds of {CALLS}, interleaved; upstream on loopback answers at once; {durability()}\n"
        "The call is interactive, with its rate, three budgets, breaker and pace on.\n"
    )
    with upstream(latency_seconds=0.0):
        rounds = [_round(number) for number in range(ROUNDS + 1)][1:]  # the first warms up
    _report(rounds)


def _round(number: int) -> dict[str, list[float]]:
    client = anthropic.Anthropic(
        api_key="bench", base_url=settings.ANTHROPIC_BASE_URL, max_retries=0, open_telemetry=False
    )
    caller = _caller()
    times: dict[str, list[float]] = {"bare": [], "governed": [], "commits": []}
    for index in range(CALLS):
        request = build_request(f"{number}-{index}")
        body = shape(request, HAIKU)
        times["bare"].append(_time(lambda: client.messages.create(**body)))  # noqa: B023
        times["governed"].append(
            _time(
                lambda: gateway.ask(
                    request,  # noqa: B023
                    feature=Feature.CLASSIFY,
                    by=caller,
                    about=About("ticket", "1"),
                )
            )
        )
        times["commits"].append(_time(_two_commits))
    return times


def _caller() -> User:
    """A user whose rate is out of the way but counted, under three budgets that are too."""
    caller, _ = User.objects.get_or_create(
        email="bench@example.com", defaults={"calls_per_minute": 30_000}
    )
    for scope, key in (("installation", ""), ("feature", "classify"), ("user", str(caller.pk))):
        Budget.objects.get_or_create(
            scope=scope, key=key, period="day", defaults={"hard_nanousd": 10**15}
        )
    return caller


def build_request(text: str) -> Request:
    return Request(
        system="Sort the ticket by what the customer needs done. " * 120,
        content=(f"<ticket>{text}</ticket>", "Sort the ticket above."),
        max_tokens=200,
        schema=answer_schema(("refund", "login")),
    )


def _two_commits() -> None:
    for _ in range(2):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO accounts_team (slug, name) VALUES (gen_random_uuid(), 'x')")


def _time(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1000


def _report(rounds: list[dict[str, list[float]]]) -> None:
    print("| ms | median | range of the rounds | p99 |")
    print("|---|---|---|---|")
    for name, label in (
        ("bare", "bare SDK call"),
        ("governed", "governed call"),
        ("commits", "two bare commits"),
    ):
        medians = [statistics.median(r[name]) for r in rounds]
        print(
            f"| {label} | {statistics.median(medians):.2f} | {min(medians):.2f}–{max(medians):.2f} "
            f"| {_p99(rounds, name):.2f} |"
        )
    added = [statistics.median(r["governed"]) - statistics.median(r["bare"]) for r in rounds]
    commits = [statistics.median(r["commits"]) for r in rounds]
    ratios = [a / c for a, c in zip(added, commits, strict=True)]
    added_p99 = _p99(rounds, "governed") - _p99(rounds, "bare")
    ratio_p99 = added_p99 / _p99(rounds, "commits")
    print(
        f"\nIt adds {statistics.median(added):.2f} ms at the median = {statistics.median(ratios):.1f} × two commits "
        f"(rounds {min(ratios):.1f}–{max(ratios):.1f}; limit 5), "
        f"{added_p99:.2f} ms at the 99th percentile = {ratio_p99:.1f} × (limit 8)."
    )


def _p99(rounds: list[dict[str, list[float]]], name: str) -> float:
    return statistics.quantiles([t for r in rounds for t in r[name]], n=100)[98]
