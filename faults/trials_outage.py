"""The first model dead for a minute: it is hardly asked, the next one answers everything, and its return is soon noticed."""

import time
from collections.abc import Callable
from math import floor

from faults.trials_match import match
from faults.trials_processes import Crew, Job, Outcome
from faults.trials_world import Finding, World
from triage.models import Alert, AlertKind, Obtained
from triage.services.gateway.catalog import HAIKU

CALLS = 15
EVERY_SECONDS = 4.0
BREAKER_FAILURES = 4
BREAKER_SECONDS = 20.0
BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS = 0.5, 8.0
NOTICED_SECONDS = 30.0
GIVE_UP_SECONDS = 60.0


def outage(world: World, *, scale: int = 1, slack_seconds: float = 0.0) -> list[Finding]:
    """One call every 4 s, each from a process of its own, for a minute of 529s and on until the model answers again.

    Args:
        scale: All these seconds are divided by it.
        slack_seconds: What starting processes may add to the time until the return is noticed.
    """
    world.begin("529@haiku-5-5")
    timers = {
        "routes.BACKOFF_BASE_SECONDS": BACKOFF_BASE_SECONDS / scale,
        "routes.BACKOFF_CAP_SECONDS": BACKOFF_CAP_SECONDS / scale,
    }
    breaker = {"TRIAGE_BREAKER_SECONDS": str(BREAKER_SECONDS / scale)}
    every = EVERY_SECONDS / scale
    with world.crew(timers=timers, **breaker) as crew:
        started = time.monotonic()
        pids = _ask_every(every, crew, is_over=lambda asked: len(asked) == CALLS)
        meanwhile = crew.outcomes_of(pids)
        seconds = time.monotonic() - started
        dead = len(world.claude.rows(model=HAIKU))
        opened = _open_alerts()
        world.claude.set_scenario("calm")
        returned_at = time.time()
        found = _await_return(crew, every)
    allowed = BREAKER_FAILURES + floor(seconds * scale / BREAKER_SECONDS) + 1
    noticed, limit = found.ended_at - returned_at, NOTICED_SECONDS / scale + slack_seconds
    by_fallback = sum(1 for outcome in meanwhile if outcome.obtained == Obtained.FALLBACK)
    return [
        Finding("seconds of outage", f"{seconds:.1f}"),
        Finding(
            "calls answered by the fallback meanwhile",
            str(by_fallback),
            str(CALLS),
            by_fallback == CALLS,
        ),
        Finding("requests to the dead model", str(dead), f"at most {allowed}", dead <= allowed),
        Finding(
            "until its first answer after its return",
            f"{noticed:.1f} s",
            f"at most {limit:.1f} s",
            noticed <= limit,
        ),
        Finding(
            "alerts open during and after it",
            f"{opened} and {_open_alerts()}",
            "1 and 0",
            (opened, _open_alerts()) == (1, 0),
        ),
        *match(world.claude.wait_until_settled()).findings(),
    ]


def _ask_every(
    seconds: float, crew: Crew, *, is_over: Callable[[set[int]], bool], name: str = "during"
) -> set[int]:
    """One call after the other, so far apart at least, until it is over: the workers that made them."""
    asked: set[int] = set()
    while not is_over(asked):
        started = time.monotonic()
        pid = crew.start(Job((f"{name} {len(asked)}",)))
        asked.add(pid)
        crew.await_outcomes(1, of={pid}, seconds=40)
        time.sleep(max(0.0, started + seconds - time.monotonic()))
    return asked


def _await_return(crew: Crew, every: float) -> Outcome:
    """The first answer of the model that was dead.

    Raises:
        TimeoutError: There is none.
    """
    ends = time.monotonic() + GIVE_UP_SECONDS
    found: list[Outcome] = []

    def is_over(asked: set[int]) -> bool:
        found.extend(o for o in crew.outcomes_of(asked) if o.model_served == HAIKU)
        return bool(found) or time.monotonic() > ends

    _ask_every(every, crew, is_over=is_over, name="after")
    if not found:
        raise TimeoutError(f"the model was not asked again within {GIVE_UP_SECONDS:.0f} s")
    return found[0]


def _open_alerts() -> int:
    return Alert.objects.filter(
        kind=AlertKind.BREAKER_OPEN, scope=HAIKU, resolved_at__isnull=True
    ).count()
