"""Requests the simulator's tests have in common."""

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import anthropic
from anthropic.types import Message

from triage.simulator import RunningSimulator

NOW = 1_795_255_200.0  # 2026-11-21T10:00:00Z
HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"
HAIKU_4_5 = "claude-haiku-4-5-20251001"
OFF = {"type": "disabled"}
LABELS = ("billing", "login", "shipping")
GUIDE = """You sort tickets.
<label name="billing">Refunds, invoices, wrong charges.
<example>I was charged twice and want a refund</example></label>
<label name="login">Passwords, signing in, locked accounts.
<example>My password is not accepted</example></label>
<label name="shipping">Parcels, couriers, late deliveries.
<example>My parcel has not arrived</example></label>
"""


class TestClock:
    """Unix seconds that stand still until a test moves them."""

    __test__ = False

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def say(client: anthropic.Anthropic, text: str = "Where is my parcel?", **fields: Any) -> Message:
    """One short request; by default to Haiku 5.5 with thinking off."""
    request: dict[str, Any] = {
        "model": HAIKU,
        "max_tokens": 500,
        "messages": [{"role": "user", "content": text}],
    }
    request |= fields
    if request["model"] == HAIKU:
        request.setdefault("thinking", OFF)
    reply = client.messages.create(**request)
    assert isinstance(reply, Message)
    return reply


def label_schema(values: tuple[str, ...] = LABELS) -> dict[str, Any]:
    """The schema of a triage answer over `values`."""
    closed = {"type": "string", "enum": list(values)}
    properties = {
        "label": closed,
        "confidence": {"type": "number"},
        "runner_up": {"anyOf": [closed, {"type": "null"}]},
        "runner_up_confidence": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "reason": {"type": "string"},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def output_format(schema: dict[str, Any]) -> dict[str, Any]:
    """`output_config` for a schema."""
    return {"format": {"type": "json_schema", "schema": schema}}


def text_of(message: Message) -> str:
    """The text of a message, whatever else stands in it."""
    return "".join(block.text for block in message.content if block.type == "text")


def classify(
    client: anthropic.Anthropic,
    ticket: str,
    *,
    guide: str = GUIDE,
    schema: dict[str, Any] | None = None,
    model: str = HAIKU,
) -> dict[str, Any]:
    """The parsed answer of a classification request."""
    reply = say(
        client,
        f"<ticket>{ticket}</ticket>\nSort it.",
        model=model,
        system=guide,
        output_config=output_format(schema or label_schema()),
    )
    answer: dict[str, Any] = json.loads(text_of(reply))
    return answer


def send_raw(
    simulator: RunningSimulator,
    body: bytes,
    headers: dict[str, str],
    path: str = "/v1/messages",
    method: str = "POST",
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, JSON and headers of a hand-made request."""
    with closing(HTTPConnection(simulator.host, simulator.port, timeout=10)) as http:
        http.request(method, path, body, headers)
        response = http.getresponse()
        data = json.loads(response.read())
        return response.status, data, {k.lower(): v for k, v in response.getheaders()}
