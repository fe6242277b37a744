"""The error statuses a scenario answers with."""

import math
from collections.abc import Callable
from dataclasses import replace

from triage.simulator import errors
from triage.simulator.errors import ApiError
from triage.simulator.parts import Fault, Part

RETRY_AFTER_SECONDS = 1
_BUILDERS: dict[Fault, Callable[[Part, str, int], ApiError]] = {
    Fault.RATE_LIMIT: lambda part, *_: errors.rate_limited(
        math.ceil(part.number(RETRY_AFTER_SECONDS))
    ),
    Fault.RATE_LIMIT_BARE: lambda *_: errors.rate_limited(None),
    Fault.SPEND_CAP: lambda *_: errors.spend_limit_reached(),
    Fault.OVERLOAD: lambda *_: errors.overloaded(),
    Fault.ERROR: lambda *_: errors.broken(),
    Fault.UNAVAILABLE: lambda *_: errors.unavailable(),
    Fault.TIMEOUT: lambda *_: errors.timed_out(),
    Fault.UNAUTHENTICATED: lambda *_: errors.unauthenticated("invalid x-api-key"),
    Fault.NOT_FOUND: lambda _, name, __: errors.not_found(f"model: {name}"),
    Fault.INVALID: lambda _, __, most: errors.invalid(
        f"prompt is too long: {most + 1} tokens > {most} maximum"
    ),
    Fault.TOO_LARGE: lambda *_: errors.too_large(),
}


def check_error(part: Part | None, *, model: str, context_tokens: int = 0) -> None:
    """Raise the error `part` stands for; do nothing where it stands for none.

    Raises:
        ApiError: An injected one.
    """
    builder = _BUILDERS.get(part.fault) if part else None
    if part and builder:
        raise replace(builder(part, model, context_tokens), is_injected=True)
