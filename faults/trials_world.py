"""What a trial stands on: a simulator, the environment of its processes, an empty ledger; and what it finds."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection

from faults.trials_processes import Crew
from triage.models import Attempt, Certainty, Feature, FeatureRoute
from triage.services import gateway
from triage.services.gateway import routes
from triage.simulator import RunningSimulator

POLL_SECONDS = 0.02
TABLES = (
    *("triage_attempt", "triage_call", "triage_storedreply", "triage_spend", "triage_budget"),
    *("triage_featureroute", "triage_alert"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of a trial, beside what is promised of it."""

    what: str
    measured: str
    promised: str = ""
    holds: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """Where a trial happens: the simulator in Claude's place, and the environment that child processes share with this one."""

    claude: RunningSimulator
    environment: Mapping[str, str]

    def begin(self, scenario: str) -> None:
        """An empty ledger, Redis and bill, no budgets, routes or alerts; the simulator plays `scenario`."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        cache.clear()
        routes.forget()
        self.claude.reset()
        self.claude.set_scenario(scenario)

    def crew(self, *, timers: Mapping[str, float] | None = None, **environment: str) -> Crew:
        return Crew({**self.environment, **environment}, timers=timers)


def set_attempt_seconds(seconds: float) -> None:
    """The default route for `classify`, with another time for one attempt."""
    default = routes.ROUTES[Feature.CLASSIFY]
    route = FeatureRoute.objects.create(
        feature=Feature.CLASSIFY,
        attempt_seconds=seconds,
        deadline_seconds=default.deadline_seconds,
        max_cost_nanousd=default.max_cost_nanousd,
    )
    for position, hop in enumerate(default.hops):
        route.hops.create(position=position, model=hop.model, tries=hop.tries)


def await_leases(*, seconds: float) -> None:
    """Until the leases of the dead have ended and their attempts are `unknown`.

    Raises:
        TimeoutError: Some attempt is still open after that many seconds.
    """

    def are_ended() -> bool:
        gateway.expire_attempts()
        return not Attempt.objects.filter(certainty=Certainty.OPEN).exists()

    await_true(are_ended, "every lease has ended", seconds=seconds, poll_seconds=0.2)


def await_true(
    is_true: Callable[[], bool], what: str, *, seconds: float, poll_seconds: float = POLL_SECONDS
) -> None:
    """Raises TimeoutError where it did not become true in time."""
    ends = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(poll_seconds)
