"""/metrics for Prometheus: the database's figures, and what the fleet knows of each model. Behind a token of its own.

Everything is read at the scrape. With Redis down the database's part is still there, and `triage_redis_up` is 0.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from triage.models import Feature
from triage.selectors.metrics import Gauge, Samples, gauges
from triage.services.gateway import fleet, routes
from triage.services.gateway.fleet import Breaker, FleetView

REFUSAL = "Send Authorization: Bearer with the token that TRIAGE_METRICS_TOKEN names.\n"
LIMITS = ("requests", "input_tokens", "output_tokens")


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not _has_token(request):
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse(
            REFUSAL, status=HTTPStatus.UNAUTHORIZED, content_type="text/plain", headers=headers
        )
    registry = CollectorRegistry()
    registry.register(_Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token(request: HttpRequest) -> bool:
    """Whether the request carries the token; nobody does while none is set."""
    wanted = settings.TRIAGE_METRICS_TOKEN
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    is_equal = secrets.compare_digest(_bytes(given.strip()), _bytes(wanted))
    return bool(wanted) and scheme.lower() == "bearer" and is_equal


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


class _Figures(Collector):
    """What a scrape reads."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for gauge in (*gauges(), *_of_the_fleet()):
            family = GaugeMetricFamily(gauge.name, gauge.about, labels=gauge.labels)
            for values, value in gauge.samples.items():
                family.add_metric(values, value)
            yield family


def _of_the_fleet() -> Iterator[Gauge]:
    """What Redis holds of each model that stands on a route."""
    views = [fleet.look(model) for model in _models()]
    known = [view for view in views if view.is_known]
    simulated = {(): float(settings.TRIAGE_SIMULATOR)}
    yield Gauge("triage_simulated", "1 where answers come from the simulator.", (), simulated)
    is_up = {(): float(len(known) == len(views))}
    yield Gauge("triage_redis_up", "Whether Redis answered this scrape.", (), is_up)
    yield Gauge(
        "triage_breaker",
        "1 for the state that a model's breaker is in, 0 for the others.",
        ("model", "state"),
        {(v.model, state.value): float(v.breaker == state) for v in known for state in Breaker},
    )
    yield from _pace(known)
    yield Gauge(
        "triage_model_paused_seconds",
        "How long a model is still left alone because the provider said 429 or 404.",
        ("model",),
        _each(known, _paused_seconds),
    )
    yield Gauge(
        "triage_model_latency_seconds",
        "The moving average of a model's successes; absent before the first.",
        ("model",),
        {(v.model,): v.latency_ms / 1000 for v in known if v.latency_ms is not None},
    )


def _models() -> list[str]:
    return sorted({hop.model for feature in Feature for hop in routes.route_of(feature).hops})


def _pace(known: Iterable[FleetView]) -> Iterator[Gauge]:
    """How fast each model may be asked, and how much of that is left."""
    buckets = {
        (view.model, name): bucket
        for view in known
        for name in LIMITS
        if (bucket := getattr(view, name))
    }
    labels = ("model", "limit")
    yield Gauge(
        "triage_pace_limit_per_minute",
        "What a model may be asked in a minute.",
        labels,
        {key: bucket.limit_per_minute for key, bucket in buckets.items()},
    )
    yield Gauge(
        "triage_pace_left",
        "What may leave at once right now; below 0 it is borrowed.",
        labels,
        {key: bucket.left for key, bucket in buckets.items()},
    )
    yield Gauge(
        "triage_pace_waiting",
        "Requests that wait for a model's pace.",
        ("model",),
        _each(known, lambda view: view.waiting),
    )


def _paused_seconds(view: FleetView) -> float:
    ends = [until for until in (view.paused_until, view.gone_until) if until]
    now = timezone.now()
    return max((end - now).total_seconds() for end in (*ends, now))


def _each(views: Iterable[FleetView], value: Callable[[FleetView], float]) -> Samples:
    return {(view.model,): value(view) for view in views}
