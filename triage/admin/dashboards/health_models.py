"""The models on the routes as the fleet sees them at this moment, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from triage.admin.formats import NOTHING, count, milliseconds
from triage.models import Feature, ModelLife
from triage.services.gateway import fleet
from triage.services.gateway.catalog import name_of
from triage.services.gateway.fleet import Breaker, BucketView, FleetView
from triage.services.gateway.routes import route_of

BREAKERS = {
    Breaker.CLOSED: "Is asked as usual",
    Breaker.OPEN: "Left alone: it failed several times in a row",
    Breaker.READY: "Left alone; the next call tries whether it is back",
    Breaker.PROBING: "Left alone; one call is trying whether it is back",
}


@dataclass(frozen=True, slots=True)
class ModelNow:
    """One model. `is_well` is None where Redis did not say; the rest are words for people."""

    id: str
    name: str
    features: str
    is_well: bool | None
    state: str
    failures: int
    latency: str
    waiting: int
    may_leave: tuple[str, ...]
    retires: str


def models_now() -> tuple[ModelNow, ...]:
    """Every model on a route, in the order of the routes; one question to Redis for each, two queries at most."""
    features: dict[str, list[str]] = {}
    for feature in Feature:
        for hop in route_of(feature).hops:
            features.setdefault(hop.model, []).append(feature.label.lower())
    retiring = dict(
        ModelLife.objects.filter(model__in=features, retires_at__isnull=False).values_list(
            "model", "retires_at"
        )
    )
    return tuple(_model(model, names, retiring) for model, names in features.items())


def _model(model: str, features: list[str], retiring: Mapping[str, datetime | None]) -> ModelNow:
    seen = fleet.look(model)
    is_well = seen.breaker is Breaker.CLOSED and not (seen.paused_until or seen.gone_until)
    buckets = (seen.requests, seen.input_tokens, seen.output_tokens)
    retires_at = retiring.get(model)
    return ModelNow(
        id=model,
        name=name_of(model),
        features=", ".join(features),
        is_well=is_well if seen.is_known else None,
        state=state_of(seen),
        failures=seen.failures_in_a_row,
        latency=milliseconds(None if seen.latency_ms is None else round(seen.latency_ms)),
        waiting=seen.waiting,
        may_leave=tuple(map(_bucket, buckets)),
        retires=f"{retires_at.astimezone(UTC):%-d %b %Y}" if retires_at else NOTHING,
    )


def state_of(seen: FleetView) -> str:
    """What is the matter with it, or that nothing is."""
    if not seen.is_known:
        return "Not known: Redis does not answer"
    if seen.gone_until:
        return "Gone: the provider says that it does not exist"
    if seen.breaker is not Breaker.CLOSED:
        since = f" (since {_clock(seen.open_since)})" if seen.open_since else ""
        return BREAKERS[seen.breaker] + since
    if seen.paused_until:
        return f"Paused until {_clock(seen.paused_until)}: the provider said 429"
    return BREAKERS[seen.breaker]


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"


def _bucket(bucket: BucketView | None) -> str:
    """ "812 of 1,000"; what is borrowed counts as nothing left."""
    if bucket is None:
        return NOTHING
    return f"{count(max(0, int(bucket.left)))} of {count(bucket.limit_per_minute)}"
