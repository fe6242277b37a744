"""Which models may serve a feature, how often each is tried, and how long it may all take."""

import random
from dataclasses import dataclass
from time import monotonic, sleep

from triage.exceptions import DeadlineExceeded
from triage.models import Feature
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET, SONNET_5

BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Hop:
    """One model of a route and the tries it gets (its retries and one)."""

    model: str
    tries: int


@dataclass(frozen=True, slots=True)
class Route:
    """The ordered hops of a feature. Seconds are wall clock: of one attempt, and of the whole call."""

    hops: tuple[Hop, ...]
    attempt_seconds: float
    deadline_seconds: float

    @property
    def model_asked(self) -> str:
        return self.hops[0].model


CLASSIFY = Route((Hop(HAIKU, 4), Hop(HAIKU_4_5, 2)), attempt_seconds=10, deadline_seconds=30)
ESCALATE = Route((Hop(SONNET, 4), Hop(SONNET_5, 3)), attempt_seconds=20, deadline_seconds=60)

ROUTES = {
    Feature.CLASSIFY: CLASSIFY,
    Feature.BACKFILL: CLASSIFY,
    Feature.ESCALATE: ESCALATE,
}


def route_of(feature: Feature) -> Route:
    """The route of `feature`. Raises KeyError for a feature that has none yet."""
    return ROUTES[feature]


def backoff_seconds(*, failures: int, retry_after_seconds: float | None) -> float:
    """How long to wait before the next try on the same model.

    Exponential with full jitter (uniform between nothing and the doubling step), at least what the provider asked for.
    """
    step = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2 ** (failures - 1))
    return max(retry_after_seconds or 0.0, random.uniform(0.0, step))


class Clock:
    """One wall-clock deadline that all tries of a call share."""

    def __init__(self, seconds: float) -> None:
        self._started = monotonic()
        self._ends = self._started + seconds

    @property
    def elapsed_ms(self) -> int:
        return round((monotonic() - self._started) * 1000)

    @property
    def remaining_seconds(self) -> float:
        return self._ends - monotonic()

    def check(self) -> None:
        """Raises DeadlineExceeded once the time is up."""
        if self.remaining_seconds <= 0:
            raise DeadlineExceeded("No answer from Claude within the time allowed for this call.")

    def can_wait(self, seconds: float) -> bool:
        """Whether anything is left of the deadline after waiting that long."""
        return seconds < self.remaining_seconds

    def wait(self, seconds: float) -> None:
        """Sleep, but never past the deadline. Raises DeadlineExceeded once the time is up."""
        sleep(max(0.0, min(seconds, self.remaining_seconds)))
        self.check()
