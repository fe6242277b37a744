"""One request, rebuilt for each model on the route: what one model needs, the next answers with a 400."""

from typing import Any

from triage.services.gateway.catalog import CATALOG
from triage.services.gateway.request import Request

BREAKPOINT = {"type": "ephemeral"}  # 5 minutes: pays from the second call within them


def shape(request: Request, model: str) -> dict[str, Any]:
    """The body of the Messages request for `model`, without `stream`."""
    card = CATALOG[model]
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": min(request.max_tokens, card.max_output_tokens),
        "system": [{"type": "text", "text": request.system, "cache_control": BREAKPOINT}],
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": text} for text in request.content],
            }
        ],
    }
    if card.thinking is not None:
        body["thinking"] = card.thinking
    output = _output_config(request, card.effort)
    if output:
        body["output_config"] = output
    return body


def _output_config(request: Request, effort: str | None) -> dict[str, Any]:
    output: dict[str, Any] = {}
    if effort is not None:
        output["effort"] = effort
    if request.schema is not None:
        output["format"] = {"type": "json_schema", "schema": request.schema}
    return output
