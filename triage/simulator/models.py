"""What the simulator knows of a model: its limits, what it accepts and how long it lives.

The table itself is in `model_table`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from triage.simulator import errors
from triage.simulator.pricing import Tariff
from triage.simulator.wire import JsonObject


class Line(StrEnum):
    """The family of a model."""

    HAIKU = "haiku"
    SONNET = "sonnet"
    OPUS = "opus"
    FABLE = "fable"


class Thinking(StrEnum):
    """The values of `thinking.type`."""

    ADAPTIVE = "adaptive"
    BETWEEN_TOOLS = "between_tools"
    DISABLED = "disabled"
    ENABLED = "enabled"


class Lifecycle(StrEnum):
    """Where a model stands between release and retirement."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


NOTICE = timedelta(days=60)  # from the announcement to the end, at least
UNTIL_RETIREMENT = timedelta(days=30)
EFFORTS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model accepts in a request, and its limits in tokens.

    `light_efforts` are the efforts at which its thinking may be switched off.
    """

    context_tokens: int
    max_output_tokens: int
    cache_floor_tokens: int
    is_new_tokenizer: bool
    thinking: frozenset[Thinking]
    thinks_by_default: bool
    efforts: tuple[str, ...]
    effort_default: str
    takes_forced_tools: bool
    takes_prefill: bool
    light_efforts: tuple[str, ...] = EFFORTS


@dataclass(frozen=True, slots=True)
class Model:
    """One model; `abilities` and `tariff` are absent once it has been retired for good."""

    id: str
    name: str
    line: Line
    released: datetime
    aliases: tuple[str, ...] = ()
    deprecated_at: datetime | None = None
    retires_at: datetime | None = None
    abilities: Abilities | None = None
    tariff: Tariff | None = None

    def lifecycle(self, now: float) -> Lifecycle:
        """Its stage at `now`, Unix seconds."""
        if self.retires_at is not None and now >= self.retires_at.timestamp():
            return Lifecycle.RETIRED
        if self.deprecated_at is not None and now >= self.deprecated_at.timestamp():
            return Lifecycle.DEPRECATED
        return Lifecycle.ACTIVE


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that answers, with everything needed to answer for it."""

    id: str
    line: Line
    abilities: Abilities
    tariff: Tariff

    @property
    def is_weak(self) -> bool:
        """Whether it judges with the weaker of the two scorers."""
        return self.line is Line.HAIKU

    def thinks(self, body: JsonObject) -> bool:
        """Whether this request makes it think."""
        thinking = body.get("thinking")
        if thinking is None:
            return self.abilities.thinks_by_default
        return thinking["type"] in (Thinking.ADAPTIVE, Thinking.ENABLED)

    def effort(self, body: JsonObject) -> str:
        """The effort that holds for this request."""
        asked = (body.get("output_config") or {}).get("effort")
        return str(asked or self.abilities.effort_default)


class Catalogue:
    """Every model known, by id and alias."""

    def __init__(self, models: Iterable[Model]) -> None:
        self.models = tuple(models)
        self._by_name = {
            name: model for model in self.models for name in (model.id, *model.aliases)
        }

    def find(self, name: str) -> Model | None:
        """The model of this id or alias, retired ones included."""
        return self._by_name.get(name)

    def aged(self, stage_of: Callable[[str], Lifecycle | None], now: float) -> "Catalogue":
        """The same models, each in the stage `stage_of` gives its id; None leaves it alone.

        A retired model retired today at midnight UTC, a deprecated one retires in 30 days.
        """
        return Catalogue(_age(model, stage_of(model.id), now) for model in self.models)

    def get_served(self, name: str, now: float) -> ServedModel:
        """The model that answers to `name` at `now`.

        Raises:
            ApiError: 404 when it is unknown or retired.
        """
        model = self.find(name)
        if model is None or model.abilities is None or model.tariff is None:
            raise errors.not_found(f"model: {name}")
        if model.lifecycle(now) is Lifecycle.RETIRED:
            raise errors.not_found(f"model: {name}")
        return ServedModel(model.id, model.line, model.abilities, model.tariff)


def _age(model: Model, stage: Lifecycle | None, now: float) -> Model:
    if stage is None:
        return model
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = today if stage is Lifecycle.RETIRED else today + UNTIL_RETIREMENT
    return replace(model, deprecated_at=end - NOTICE, retires_at=end)


def day(text: str) -> datetime:
    """Midnight UTC of an ISO date."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
