"""What goes into the gateway and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from triage.models import Obtained


class Reuse(StrEnum):
    """Which earlier replies may answer this call."""

    STORED = "stored"
    IN_FLIGHT = "in_flight"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class About:
    """The thing a call is about: a kind and its id, no foreign key."""

    kind: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to Claude, before any model is chosen.

    `system` is the prefix that all calls of a prompt version share byte for byte; it ends in the cache breakpoint. `content` are
    the texts of the one user message, document first, instruction last. `schema` is the JSON schema of the answer, if it has one.
    """

    system: str
    content: tuple[str, ...]
    max_tokens: int
    schema: Mapping[str, Any] | None = None
    prompt_version: str = ""
    taxonomy_version: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how it was come by. `cost_nanousd` is what this call paid: 0 for a stored or shared reply."""

    text: str
    model_asked: str
    model_served: str
    obtained: Obtained
    tries: int
    cost_nanousd: int
    latency_ms: int
    call_id: int
