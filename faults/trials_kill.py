"""Workers killed by SIGKILL at random moments: every request that left has its row, and the ledger is the bill."""

import random
import time

from faults.trials_match import match
from faults.trials_processes import Job
from faults.trials_world import Finding, World, await_leases, set_attempt_seconds
from triage.models import Call

SCENARIO = "slow(0.03)+529:0.05"
WORKERS, THREADS = 4, 2
LONGEST_LIFE_SECONDS = 0.7
CALLS_SECONDS = 300.0


def kill(
    world: World,
    *,
    calls: int,
    seed: int = 0,
    attempt_seconds: float = 10.0,
    settle_seconds: float = 10.0,
) -> list[Finding]:
    """`calls` begun by workers that live a fraction of a second each; then their leases end."""
    world.begin(SCENARIO)
    set_attempt_seconds(attempt_seconds)
    kills = _ask_and_kill(world, calls, random.Random(seed), settle_seconds)
    await_leases(seconds=attempt_seconds + settle_seconds + 5)
    bill = world.claude.wait_until_settled()
    begun = Call.objects.count()
    return [
        Finding("workers killed", f"{kills:,}"),
        Finding("calls begun", f"{begun:,}", f"at least {calls:,}", begun >= calls),
        *match(bill).findings(),
    ]


def _ask_and_kill(world: World, calls: int, chance: random.Random, settle_seconds: float) -> int:
    """How many workers were killed until `calls` were begun, the last ones included."""
    job = Job(threads=THREADS, is_endless=True)
    with world.crew(timers={"attempts.SETTLE_SECONDS": settle_seconds}) as crew:
        workers = [crew.start(job) for _ in range(WORKERS)]
        kills = 0
        ends = time.monotonic() + CALLS_SECONDS
        while Call.objects.count() < calls:
            if time.monotonic() > ends:
                raise TimeoutError(f"{calls:,} calls were not begun within {CALLS_SECONDS:.0f} s")
            time.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS) / WORKERS)
            victim = chance.randrange(WORKERS)
            crew.kill(workers[victim])
            workers[victim] = crew.start(job)
            kills += 1
    return kills + WORKERS
