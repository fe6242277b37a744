"""One message, asked for and answered in one piece."""

from typing import Any, cast

import anthropic

from triage.services.gateway.client import sdk
from triage.services.gateway.client.answers import Answer, read_answer
from triage.services.gateway.client.clocks import total


def send(body: dict[str, Any], *, seconds: float) -> Answer:
    """Ask once, waiting at most `seconds` in all, however the answer's bytes come. Costs money.

    Raises:
        AttemptFailed: One of its kinds; the SDK's and the HTTP library's own errors never come through.
    """
    with sdk.asking(total(seconds)):
        raw = sdk.client().messages.with_raw_response.create(**body, timeout=sdk.timeout(seconds))
    with sdk.reading():
        return read_answer(cast("anthropic.types.Message", raw.parse()), raw.headers)
