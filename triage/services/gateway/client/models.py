"""What the API says of a model: whether it is still served, and until when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from triage.services.gateway.client import sdk
from triage.services.gateway.client.clocks import total


class Lifecycle(StrEnum):
    ACTIVE = "active"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model in the provider's catalogue. Times are aware; both are None while it is active."""

    id: str
    lifecycle: Lifecycle
    deprecated_at: datetime | None
    retires_at: datetime | None


def get_model(model: str, *, seconds: float = 10.0) -> ModelFacts:
    """What the provider says of `model`, within `seconds`. Costs nothing.

    Raises:
        ModelGone: The provider does not know it.
        AttemptFailed: Another of its kinds.
    """
    with sdk.asking(total(seconds)):
        raw = sdk.client().models.with_raw_response.retrieve(model, timeout=sdk.timeout(seconds))
    with sdk.reading():
        said = raw.parse()
        return ModelFacts(
            id=said.id,
            lifecycle=Lifecycle(said.lifecycle),
            deprecated_at=sdk.utc(said.deprecated_at) if said.deprecated_at else None,
            retires_at=sdk.utc(said.retires_at) if said.retires_at else None,
        )
