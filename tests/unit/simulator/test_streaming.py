"""Streams: the events, their order, and that they add up to the plain answer."""

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import anthropic
import pytest

from triage.simulator import RunningSimulator, running

from .helpers import GUIDE, HAIKU, SONNET, label_schema, output_format, say, text_of

QUESTION: dict[str, Any] = {
    "model": HAIKU,
    "max_tokens": 500,
    "system": GUIDE,
    "messages": [{"role": "user", "content": "Where is my parcel?"}],
}


def wire(simulator: RunningSimulator, **fields: Any) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream as they stand on the wire, pings included."""
    body = json.dumps(QUESTION | {"stream": True} | fields)
    headers = {"x-api-key": "sim", "anthropic-version": "2026-10-21"}
    with closing(HTTPConnection(simulator.host, simulator.port, timeout=10)) as http:
        http.request("POST", "/v1/messages", body, headers)
        response = http.getresponse()
        assert response.getheader("content-type", "").startswith("text/event-stream")
        blocks = response.read().decode().strip().split("\n\n")
    pairs = [block.split("\n") for block in blocks]
    return [(name.removeprefix("event: "), json.loads(data[6:])) for name, data in pairs]


def test_events_come_in_the_documented_order(simulator: RunningSimulator) -> None:
    events = wire(simulator)

    names = [name for name, _ in events if name != "ping"]
    squeezed = [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert squeezed == ["message_start", *block, *block, "message_delta", "message_stop"]
    assert all(data["type"] == name for name, data in events)
    assert "ping" in dict(events)


def test_start_has_a_placeholder_and_the_end_the_whole_usage(simulator: RunningSimulator) -> None:
    events = wire(simulator)

    start, end = events[0][1]["message"], dict(events)["message_delta"]
    assert (start["content"], start["stop_reason"]) == ([], None)
    assert start["usage"]["output_tokens"] == 1
    assert end["delta"]["stop_reason"] == "end_turn"
    assert end["usage"]["output_tokens"] > 50
    assert end["usage"]["input_tokens"] == start["usage"]["input_tokens"]


@pytest.mark.parametrize("model", [HAIKU, SONNET])
@pytest.mark.parametrize("schema", [None, label_schema()])
def test_stream_and_plain_answer_are_the_same(
    client: anthropic.Anthropic,
    simulator: RunningSimulator,
    model: str,
    schema: dict[str, Any] | None,
) -> None:
    question = QUESTION | {"model": model}
    if schema:
        question["output_config"] = output_format(schema)

    with client.messages.stream(**question) as stream:
        streamed = stream.get_final_message()
    plain = client.messages.create(**question)

    assert text_of(streamed) == text_of(plain)
    assert streamed.usage.output_tokens == plain.usage.output_tokens
    costs = [row["cost_nanousd"] for row in simulator.bill()["requests"]]
    assert costs[0] == costs[1] > 0


def test_text_arrives_word_by_word(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**QUESTION) as stream:
        pieces = list(stream.text_stream)

    assert len(pieces) > 40
    assert all(len(piece.split()) <= 1 for piece in pieces)


def test_shown_thinking_is_streamed_and_hidden_thinking_is_not(
    simulator: RunningSimulator,
) -> None:
    def kinds(display: str) -> set[str]:
        events = wire(simulator, thinking={"type": "adaptive", "display": display})
        return {data["delta"]["type"] for name, data in events if name == "content_block_delta"}

    assert kinds("summarized") == {"thinking_delta", "signature_delta", "text_delta"}
    assert kinds("omitted") == {"signature_delta", "text_delta"}


def test_a_forced_tool_is_streamed_as_json(client: anthropic.Anthropic) -> None:
    tool: Any = {"name": "sort", "input_schema": label_schema()}

    with client.messages.stream(
        **QUESTION, tools=[tool], tool_choice={"type": "tool", "name": "sort"}
    ) as stream:
        message = stream.get_final_message()

    assert message.stop_reason == "tool_use"
    (call,) = [block for block in message.content if block.type == "tool_use"]
    assert call.input["label"] == "shipping"


def test_a_cut_answer_says_max_tokens(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**QUESTION | {"max_tokens": 70}) as stream:
        message = stream.get_final_message()

    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 70)
    assert len(text_of(message)) > 10


def test_a_slow_stream_is_kept_alive_by_pings() -> None:
    with running(scenario="slow", latency_ms=200) as slow:
        names = [name for name, _ in wire(slow)]

    assert names[:3] == ["message_start", "ping", "ping"]


def test_a_plain_reply_is_json_with_its_length(client: anthropic.Anthropic) -> None:
    assert say(client).usage.service_tier == "standard"
