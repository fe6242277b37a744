"""How long the models on the routes will live: what the provider says of each, kept, and told to the operator."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.utils import timezone

from triage.exceptions import AttemptFailed, ModelGone, ModelNotPriced
from triage.models import Alert, AlertKind, Feature, Lifecycle, ModelLife
from triage.services.gateway import alarms, client
from triage.services.gateway.catalog import CATALOG, name_of
from triage.services.gateway.pricing import card_of
from triage.services.gateway.routes import Hop, route_of

log = structlog.get_logger(__name__)

NOTICE = timedelta(days=60)  # how early a retirement is announced
DAILY = timedelta(hours=20)  # what is older is asked anew in the background
FRESH = timedelta(minutes=10)  # what was asked a moment ago is not asked again
FORM_SECONDS = 3.0  # an admin waits for this


class Trouble(StrEnum):
    """Why a model cannot serve; the worst first."""

    RETIRED = "retired or unknown to the provider"
    UNKNOWN = "not in the model table"
    UNPRICED = "without a known price"


@dataclass(frozen=True, slots=True)
class Checked:
    """One model on the routes: on which, and what the provider says of it now. Times are aware."""

    model: str
    features: tuple[Feature, ...]
    lifecycle: Lifecycle
    retires_at: datetime | None
    trouble: Trouble | None

    @property
    def days_left(self) -> int | None:
        """Whole days until it retires; None where no day is set."""
        return (self.retires_at - timezone.now()).days if self.retires_at else None

    @property
    def is_retiring(self) -> bool:
        ends = self.retires_at
        return (
            self.lifecycle is not Lifecycle.RETIRED
            and ends is not None
            and ends - timezone.now() < NOTICE
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What speaks against one hop of a route, by its index. With `is_warning` it may stand there all the same."""

    hop: int
    text: str
    is_warning: bool = False


def check_models() -> list[Checked]:
    """Look up every model on every route in force, keep what is said of it, open and resolve alerts. Costs nothing.

    Raises:
        AttemptFailed: The provider cannot be asked; nothing is changed.
    """
    checked = [_check(model, features) for model, features in models_on_routes().items()]
    for each in checked:
        _keep(each.model, each.lifecycle, each.retires_at)
        _tell(each)
    _forget_others({each.model for each in checked})
    return checked


def check_models_daily() -> None:
    """`check_models`, unless every model on the routes was looked up within a day."""
    recent = ModelLife.objects.filter(checked_at__gt=timezone.now() - DAILY)
    if set(models_on_routes()) <= set(recent.values_list("model", flat=True)):
        return
    try:
        check_models()
    except AttemptFailed as error:
        log.warning("the models could not be looked up; asked again in an hour", error=str(error))


def models_on_routes() -> Mapping[str, tuple[Feature, ...]]:
    """Every model that a feature may ask, with the features."""
    found: dict[str, tuple[Feature, ...]] = {}
    for feature in Feature:
        for hop in route_of(feature).hops:
            found[hop.model] = (*found.get(hop.model, ()), feature)
    return found


def validate_route(hops: Sequence[Hop]) -> list[Problem]:
    """What speaks against `hops` as a route, hop by hop. What the provider says of a model is kept.

    Where it cannot be asked, what it said last decides, with a warning.
    """
    lookup = _Lookup()
    return [
        Problem(index, text, is_warning)
        for index, hop in enumerate(hops)
        for text, is_warning in _problems(hop.model, lookup)
    ]


def _check(model: str, features: tuple[Feature, ...]) -> Checked:
    lifecycle, retires_at = _ask(model, seconds=10.0)
    trouble = Trouble.RETIRED if lifecycle is Lifecycle.RETIRED else _trouble_of_ours(model)
    return Checked(model, features, lifecycle, retires_at, trouble)


def _ask(model: str, *, seconds: float) -> tuple[Lifecycle, datetime | None]:
    """Where the provider says the model stands. A model that it does not know is as good as retired.

    Raises:
        AttemptFailed: It cannot be asked.
    """
    try:
        facts = client.get_model(model, seconds=seconds)
    except ModelGone:
        return Lifecycle.RETIRED, None
    has_ended = facts.retires_at is not None and facts.retires_at <= timezone.now()
    return Lifecycle.RETIRED if has_ended else Lifecycle(facts.lifecycle), facts.retires_at


def _trouble_of_ours(model: str) -> Trouble | None:
    if model not in CATALOG:
        return Trouble.UNKNOWN
    try:
        card_of(model)
    except ModelNotPriced:
        return Trouble.UNPRICED
    return None


def _keep(model: str, lifecycle: Lifecycle, retires_at: datetime | None) -> None:
    values = {"lifecycle": lifecycle, "retires_at": retires_at, "checked_at": timezone.now()}
    ModelLife.objects.update_or_create(model=model, defaults=values)


def _tell(each: Checked) -> None:
    """One alert at most: gone, or retiring."""
    name = f"{name_of(each.model)} ({each.model})"
    routes = ", ".join(feature.label.lower() for feature in each.features)
    if each.lifecycle is Lifecycle.RETIRED:
        text = f"{name} is retired or unknown to the provider. Routes: {routes}."
        alarms.open_alert(AlertKind.MODEL_GONE, each.model, text)
    else:
        alarms.resolve_alert(AlertKind.MODEL_GONE, each.model)
    if each.is_retiring:
        text = f"{name} retires on {each.retires_at:%Y-%m-%d}, in {each.days_left} days. Routes: {routes}."
        alarms.open_alert(AlertKind.MODEL_RETIRING, each.model, text)
    else:
        alarms.resolve_alert(AlertKind.MODEL_RETIRING, each.model)


def _forget_others(on_routes: set[str]) -> None:
    """A model that is on no route any more worries nobody."""
    kinds = [AlertKind.MODEL_GONE, AlertKind.MODEL_RETIRING]
    over = Alert.objects.filter(kind__in=kinds, resolved_at=None).exclude(scope__in=on_routes)
    for kind, scope in over.values_list("kind", "scope"):
        alarms.resolve_alert(AlertKind(kind), scope)


def _problems(model: str, lookup: "_Lookup") -> Iterable[tuple[str, bool]]:
    if trouble := _trouble_of_ours(model):
        yield f"{model} is {trouble}.", False
        return
    lifecycle, retires_at, is_old = lookup.find(model)
    until = f"; it retires on {retires_at:%Y-%m-%d}" if retires_at else ""
    if lifecycle is Lifecycle.RETIRED:
        yield f"{name_of(model)} is retired.", False
    elif lifecycle is Lifecycle.DEPRECATED:
        yield f"{name_of(model)} is deprecated{until}.", True
    if is_old:
        said = f"last known: {lifecycle.label.lower()}" if lifecycle else "nothing is known of it"
        yield f"The provider could not be asked about {name_of(model)}; {said}.", True


class _Lookup:
    """What the provider says of models, asked once each; after one failure it is not asked again."""

    def __init__(self) -> None:
        self._is_reachable = True

    def find(self, model: str) -> tuple[Lifecycle | None, datetime | None, bool]:
        """The lifecycle, when it ends, and whether that is only what was last known."""
        known = ModelLife.objects.filter(model=model).first()
        if known and known.checked_at > timezone.now() - FRESH:
            return Lifecycle(known.lifecycle), known.retires_at, False
        try:
            lifecycle, retires_at = self._ask(model)
        except AttemptFailed:
            self._is_reachable = False
            return (
                Lifecycle(known.lifecycle) if known else None,
                known.retires_at if known else None,
                True,
            )
        _keep(model, lifecycle, retires_at)
        return lifecycle, retires_at, False

    def _ask(self, model: str) -> tuple[Lifecycle, datetime | None]:
        if not self._is_reachable:
            raise AttemptFailed("the provider did not answer a moment ago")
        return _ask(model, seconds=FORM_SECONDS)
