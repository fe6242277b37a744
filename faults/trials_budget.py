"""Many calls against a budget that fits half of them: it is never overrun, and nobody is refused for money never spent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from threading import Event, Thread

from django.core.management import call_command
from django.db import connection

from faults.trials_match import match
from faults.trials_processes import Crew, Job, Outcome
from faults.trials_world import Finding, World, await_leases, await_true, set_attempt_seconds
from triage.exceptions import BudgetExceeded
from triage.models import Attempt, Budget, Certainty, Period, Scope, Spend

PROCESSES = 4
CALLS_SECONDS = 120.0
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Limit:
    """The installation's budget of the day and what one call costs and holds, in nano-dollars."""

    hard: int
    cost: int
    bound: int


def budget(world: World, *, calls: int) -> list[Finding]:
    """`calls` different ones at once from 4 processes."""
    world.begin("slow(0.05)")
    with world.crew() as crew, _watch() as peak:
        limit = _limit_to(calls // 2, crew)
        outcomes = crew.await_outcomes(calls, of=_ask_at_once(crew, calls), seconds=CALLS_SECONDS)
    left = limit.hard - _used()
    refused = _count_refused(outcomes)
    is_fair = left < limit.bound or not refused
    return [
        *_told(outcomes, limit, peak),
        Finding(
            f"left for a call that holds {limit.bound:,}",
            f"{left:,}",
            "less than it holds",
            is_fair,
        ),
        *match(world.claude.wait_until_settled()).findings(),
    ]


def budget_with_a_kill(
    world: World,
    *,
    calls: int,
    attempt_seconds: float = 10.0,
    settle_seconds: float = 10.0,
    patience_seconds: float = 15.0,
) -> list[Finding]:
    """The same; one of the processes is killed with holds of its own open. Afterwards what is left can be spent."""
    world.begin("slow(0.4)")
    set_attempt_seconds(attempt_seconds)
    timers = {
        "attempts.SETTLE_SECONDS": settle_seconds,
        "attempts.HOLD_WAIT_SECONDS": patience_seconds,
    }
    with world.crew(timers=timers) as crew, _watch() as peak:
        limit = _limit_to(calls // 2, crew)
        pids = _ask_at_once(crew, calls)
        victim = _kill_a_holder(crew, pids)
        survivors = calls - calls // PROCESSES
        outcomes = crew.await_outcomes(survivors, of=pids - {victim}, seconds=CALLS_SECONDS)
        await_leases(seconds=attempt_seconds + settle_seconds + 5)
        world.claude.wait_until_settled()
        unknown = Attempt.objects.filter(certainty=Certainty.UNKNOWN).count()
        call_command("reconcile", stdout=StringIO())
        fits = max(0, (limit.hard - _used() - limit.bound) // limit.cost + 1)
        later = crew.run(Job(tuple(f"later {n:03}" for n in range(fits))))
    served = len(later) - _count_refused(later)
    return [
        *_told(outcomes, limit, peak),
        Finding(
            "attempts of the killed process, unknown until reconciled",
            str(unknown),
            "some",
            unknown > 0,
        ),
        Finding(
            "calls that fit into what is left, and were served",
            f"{fits} and {served}",
            "all",
            fits == served > 0,
        ),
        *match(world.claude.wait_until_settled()).findings(),
    ]


def _limit_to(calls: int, crew: Crew) -> Limit:
    """A budget with room for so many calls after the first, by which they are measured."""
    crew.run(Job(("first 000",)))
    one = Attempt.objects.get()
    hard = calls * one.cost_nanousd + one.bound_nanousd
    Budget.objects.create(scope=Scope.INSTALLATION, period=Period.DAY, hard_nanousd=hard)
    return Limit(hard, one.cost_nanousd, one.bound_nanousd)


def _ask_at_once(crew: Crew, calls: int) -> set[int]:
    """Different texts of one length, shared among the workers."""
    texts = tuple(f"order {number:03}" for number in range(calls))
    each = calls // PROCESSES
    return {
        crew.start(Job(texts[first : first + each], threads=each))
        for first in range(0, calls, each)
    }


def _kill_a_holder(crew: Crew, pids: set[int]) -> int:
    """Kill a process that waits for Claude with a hold open."""
    mine = Attempt.objects.filter(
        certainty=Certainty.OPEN, call__about_id__in=[str(pid) for pid in pids]
    )
    found: list[int] = []

    def is_found() -> bool:
        found.extend(int(about) for about in mine.values_list("call__about_id", flat=True))
        return bool(found)

    await_true(is_found, "a process holds money", seconds=20)
    crew.kill(found[0])
    return found[0]


def _told(outcomes: list[Outcome], limit: Limit, peak: list[int]) -> list[Finding]:
    answered = sum(1 for outcome in outcomes if outcome.obtained)
    others = {o.error: o.message for o in outcomes if o.error not in ("", BudgetExceeded.code)}
    over = max(0, max([*peak, _used()]) - limit.hard)
    return [
        Finding(
            "calls answered, refused",
            f"{answered} and {_count_refused(outcomes)}",
            "nothing else",
            answered + _count_refused(outcomes) == len(outcomes),
        ),
        *(
            Finding(f"calls that ended with {code}", message, "", False)
            for code, message in others.items()
        ),
        Finding("spent, nano-dollars", f"{_used():,} of {limit.hard:,}"),
        Finding(
            "spent and held above the limit",
            f"{over:,} in {len(peak):,} looks",
            "0",
            not over and bool(peak),
        ),
    ]


def _count_refused(outcomes: list[Outcome]) -> int:
    return sum(1 for outcome in outcomes if outcome.error == BudgetExceeded.code)


def _used() -> int:
    """What the installation has spent and holds."""
    row = Spend.objects.filter(scope=Scope.INSTALLATION, period=Period.DAY).latest("starts_on")
    return row.spent_nanousd + row.held_nanousd


@contextmanager
def _watch() -> Iterator[list[int]]:
    """What is spent and held, looked at all the time while the block runs."""
    seen: list[int] = []
    is_over = Event()

    def look() -> None:
        while not is_over.wait(SAMPLE_SECONDS):
            if Spend.objects.exists():
                seen.append(_used())
        connection.close()

    watcher = Thread(target=look, name="watch")
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()
