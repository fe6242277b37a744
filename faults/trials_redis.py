"""Redis stopped in the middle of calls: they go on, budgets hold, equal calls are one bill, and no one is refused for a rate."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from accounts.models import Role, User
from config.embedded.wheel import get_redis
from faults.trials_budget import budget
from faults.trials_match import match
from faults.trials_processes import Crew, Job, Outcome
from faults.trials_world import Finding, World
from triage.models import Alert, AlertKind

HASTY = "hasty@example.com"
HASTY_CALLS = 4
EQUAL_PROCESSES, EQUAL_CALLS = 3, 4


def stop_redis(world: World, *, calls: int, seconds: float) -> list[Finding]:
    """Calls for so many seconds before and after Redis stops, then equal ones at once, and those of a person with one a minute.

    In the end `calls` against a budget that fits half of them, in processes that never saw Redis.
    """
    world.begin("slow(0.05)")
    hasty, _ = User.objects.get_or_create(
        email=HASTY, defaults={"role": Role.AGENT, "calls_per_minute": 1}
    )
    with tempfile.TemporaryDirectory() as folder:
        url = f"unix://{folder}/r.sock"
        without = World(
            world.claude, {**world.environment, "REDIS_URL": url, "TRIAGE_LOG_LEVEL": "CRITICAL"}
        )
        with without.crew() as crew:
            with _redis(folder):
                worker = crew.start(Job(threads=2, is_endless=True))
                crew.await_outcomes(5, of={worker}, seconds=20)
                time.sleep(seconds)
            stopped_at = time.time()
            time.sleep(seconds)
            crew.kill(worker)
            through = crew.outcomes_of({worker})
            equal, requests = _ask_equal(world, crew)
            by_hasty = crew.run(
                Job(tuple(f"hasty {n}" for n in range(HASTY_CALLS)), by_id=hasty.pk)
            )
        alerts = Alert.objects.filter(kind=AlertKind.REDIS_DOWN, resolved_at__isnull=True).count()
        bill = match(world.claude.wait_until_settled())
        in_budget = budget(without, calls=calls)
    after = [outcome for outcome in through if outcome.ended_at > stopped_at]
    return [
        _answered("calls before and after Redis stopped", through),
        Finding("of them after it", str(len(after)), "some", bool(after)),
        Finding("longest of them", f"{max(o.seconds for o in after):.1f} s" if after else "none"),
        _answered("equal calls at once", equal),
        Finding("requests for them", str(requests), "1", requests == 1),
        _answered("calls of a person who may make one a minute", by_hasty),
        Finding("open alerts that Redis is down", str(alerts), "1", alerts == 1),
        *bill.findings(),
        *in_budget,
    ]


def _ask_equal(world: World, crew: Crew) -> tuple[list[Outcome], int]:
    """What equal calls from several processes brought, and the requests they made."""
    before = len(world.claude.rows())
    job = Job(("the same",) * EQUAL_CALLS, threads=EQUAL_CALLS)
    workers = {crew.start(job) for _ in range(EQUAL_PROCESSES)}
    outcomes = crew.await_outcomes(EQUAL_PROCESSES * EQUAL_CALLS, of=workers, seconds=30)
    return outcomes, len(world.claude.rows()) - before


def _answered(what: str, outcomes: list[Outcome]) -> Finding:
    failed = [outcome for outcome in outcomes if outcome.error]
    answered = f"{len(outcomes) - len(failed)} of {len(outcomes)} answered"
    why = f"; {failed[0].error}: {failed[0].message}" if failed else ""
    return Finding(what, answered + why, "all", bool(outcomes) and not failed)


@contextmanager
def _redis(folder: str) -> Iterator[None]:
    """A Redis of our own on `r.sock` in that folder, killed at the end of the block."""
    argv = [str(get_redis()), "--port", "0", "--unixsocket", f"{folder}/r.sock", "--save", ""]
    server = subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.kill()
        server.wait()
