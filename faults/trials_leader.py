"""The leader of equal calls killed while it is asking: one of the others takes over, and all get its reply."""

import time

from faults.trials_match import match
from faults.trials_processes import Crew, Job, Outcome
from faults.trials_world import Finding, World, await_true
from triage.models import Attempt, Call, Certainty, StoredReply

PROCESSES, CALLS_EACH = 4, 5
SLACK_SECONDS = 1.0


def kill_leader(
    world: World, *, lease_seconds: float = 5.0, slow_seconds: float = 8.0
) -> list[Finding]:
    """20 equal calls from 4 processes; the one that asks is killed while it waits for its answer.

    Args:
        lease_seconds: Of its claim.
        slow_seconds: When its answer would come.
    """
    world.begin(f"slow({slow_seconds})x1")
    timers = {"dedup.LEASE_SECONDS": lease_seconds, "leases.RENEW_SECONDS": lease_seconds / 3}
    with world.crew(timers=timers) as crew:
        outcomes, killed_at = _ask_and_kill(world, crew, within_seconds=slow_seconds - 1)
    survivors = (PROCESSES - 1) * CALLS_EACH
    replies = {outcome.text for outcome in outcomes}
    answered = sum(1 for outcome in outcomes if outcome.obtained)
    longest = max(outcome.ended_at for outcome in outcomes) - killed_at
    allowed = lease_seconds + _second_request_seconds() + SLACK_SECONDS
    matched = match(world.claude.wait_until_settled())
    return [
        Finding("survivors answered", f"{answered}", f"{survivors}", answered == survivors),
        Finding("different replies", f"{len(replies)}", "1", len(replies) == 1),
        Finding("requests", f"{matched.requests}", "at most 2", matched.requests <= 2),
        Finding(
            "longest wait after the kill",
            f"{longest:.1f} s",
            f"a lease and a call: {allowed:.1f} s",
            longest <= allowed,
        ),
        *matched.findings(),
    ]


def _ask_and_kill(
    world: World, crew: Crew, *, within_seconds: float
) -> tuple[list[Outcome], float]:
    """What the survivors got, and when the leader was killed (Unix seconds)."""
    workers = {crew.start(Job(("the same",) * CALLS_EACH, CALLS_EACH)) for _ in range(PROCESSES)}
    calls = PROCESSES * CALLS_EACH
    await_true(
        lambda: bool(world.claude.rows()) and Call.objects.count() == calls,
        "all calls have begun",
        seconds=within_seconds,
    )
    leader = Call.objects.get(pk=StoredReply.objects.get().owner)
    crew.kill(int(leader.about_id))
    killed_at = time.time()
    survivors = workers - {int(leader.about_id)}
    outcomes = crew.await_outcomes(calls - CALLS_EACH, of=survivors, seconds=60)
    return outcomes, killed_at


def _second_request_seconds() -> float:
    answered = Attempt.objects.filter(certainty=Certainty.KNOWN).first()
    return (answered.latency_ms or 0) / 1000 if answered else 0.0
