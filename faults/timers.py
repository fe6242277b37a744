"""How fast the cases run: with the real timers, or with a twentieth of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from django.conf import settings
from django.test.utils import override_settings

from triage.models import Feature, FeatureRoute, FeatureRouteHop
from triage.services.gateway import routes
from triage.services.gateway.fleet import reports
from triage.services.gateway.routes import Route

# On a busy machine an answer that comes at once may take half a second.
LEAST_ATTEMPT_SECONDS = 1.0
LEAST_DEADLINE_SECONDS = 3.0
SETTINGS = (
    "TRIAGE_STREAM_BYTE_SECONDS",
    "TRIAGE_STREAM_CONTENT_SECONDS",
    "TRIAGE_BREAKER_SECONDS",
)
CONSTANTS = (
    (routes, "BACKOFF_BASE_SECONDS"),
    (routes, "BACKOFF_CAP_SECONDS"),
    (reports, "PAUSE_DEFAULT_SECONDS"),
)


@dataclass(frozen=True, slots=True)
class Timers:
    """`scale` times the real seconds. Routes get no less than the least seconds, so that a calm answer is in time."""

    scale: float

    def route_of(self, feature: Feature) -> Route:
        """The default route of `feature`, this fast."""
        real = routes.ROUTES[feature]
        if self.scale == 1:
            return real
        return Route(
            real.hops,
            attempt_seconds=max(LEAST_ATTEMPT_SECONDS, real.attempt_seconds * self.scale),
            deadline_seconds=max(LEAST_DEADLINE_SECONDS, real.deadline_seconds * self.scale),
        )

    @contextmanager
    def set(self) -> Iterator[None]:
        """Everything this fast within the block: settings, backoff, and the routes, which are written as an admin would."""
        with ExitStack() as stack:
            if self.scale != 1:
                changed = {name: getattr(settings, name) * self.scale for name in SETTINGS}
                stack.enter_context(override_settings(**changed))
                for module, name in CONSTANTS:
                    stack.enter_context(
                        patch.object(module, name, getattr(module, name) * self.scale)
                    )
                self._write_routes()
                stack.callback(routes.forget)
            yield

    def _write_routes(self) -> None:
        for feature in routes.ROUTES:
            route = self.route_of(feature)
            row = FeatureRoute.objects.create(
                feature=feature,
                attempt_seconds=route.attempt_seconds,
                deadline_seconds=route.deadline_seconds,
                max_cost_nanousd=route.max_cost_nanousd,
            )
            FeatureRouteHop.objects.bulk_create(
                FeatureRouteHop(route=row, position=position, model=hop.model, tries=hop.tries)
                for position, hop in enumerate(route.hops)
            )
        routes.forget()


FULL = Timers(1.0)
SHORT = Timers(1 / 20)
