"""Which models may serve a feature, how often each is tried, and how long and how dear it may all be.

Admins may set a feature's route (`models.FeatureRoute`); without that it has the one below. A process reads them anew every
few seconds.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic, sleep

from triage.exceptions import DeadlineExceeded
from triage.models import Feature, FeatureRoute
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET, SONNET_5
from triage.types import NANOUSD_PER_USD

BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 8.0
REREAD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Hop:
    """One model of a route and the tries it gets (its retries and one)."""

    model: str
    tries: int


@dataclass(frozen=True, slots=True)
class Route:
    """The ordered hops of a feature. Seconds are wall clock: of one attempt, and of the whole call.

    All attempts of a call together hold or cost at most `max_cost_nanousd`. A model whose recent answers took longer than
    `latency_limit_seconds` is passed over while another is left.
    """

    hops: tuple[Hop, ...]
    attempt_seconds: float
    deadline_seconds: float
    max_cost_nanousd: int = 2 * NANOUSD_PER_USD
    latency_limit_seconds: float | None = None

    @property
    def model_asked(self) -> str:
        return self.hops[0].model


CLASSIFY = Route((Hop(HAIKU, 4), Hop(HAIKU_4_5, 2)), attempt_seconds=10, deadline_seconds=30)
ESCALATE = Route((Hop(SONNET, 4), Hop(SONNET_5, 3)), attempt_seconds=20, deadline_seconds=60)
DRAFT = Route(
    (Hop(SONNET, 4), Hop(SONNET_5, 3), Hop(HAIKU, 2)), attempt_seconds=90, deadline_seconds=90
)
EVALUATE = Route((Hop(HAIKU, 4),), attempt_seconds=20, deadline_seconds=60)

ROUTES: Mapping[Feature, Route] = {
    Feature.CLASSIFY: CLASSIFY,
    Feature.BACKFILL: CLASSIFY,
    Feature.ESCALATE: ESCALATE,
    Feature.DRAFT: DRAFT,
    Feature.EVALUATE: EVALUATE,
}


class _Known:
    """The routes that admins have set, as this process last read them."""

    routes: Mapping[Feature, Route]
    until = 0.0


def route_of(feature: Feature) -> Route:
    """The route of `feature`: what an admin has set, else the default."""
    if monotonic() >= _Known.until:
        _Known.routes = _read()
        _Known.until = monotonic() + REREAD_SECONDS
    return _Known.routes.get(feature) or ROUTES[feature]


def forget() -> None:
    """Read the routes anew at the next call."""
    _Known.until = 0.0


def _read() -> Mapping[Feature, Route]:
    rows = FeatureRoute.objects.prefetch_related("hops")
    return {Feature(row.feature): build_route(row) for row in rows if row.hops.all()}


def build_route(row: FeatureRoute) -> Route:
    """The route that `row` describes."""
    return Route(
        tuple(Hop(hop.model, hop.tries) for hop in row.hops.all()),
        row.attempt_seconds,
        row.deadline_seconds,
        row.max_cost_nanousd,
        row.latency_limit_seconds,
    )


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
