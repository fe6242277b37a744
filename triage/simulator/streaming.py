"""A reply as server-sent events, in the order of the public streaming page."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from triage.simulator import tokens
from triage.simulator.errors import ApiError
from triage.simulator.models import ServedModel
from triage.simulator.pricing import Tokens
from triage.simulator.reply import Reply, message_head, usage, with_output
from triage.simulator.wire import JsonObject

PIECE = re.compile(r"\s*\S+\s*?(?=\s|$)|\s+")  # a word with the space before it
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
STOP = b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
NOT_JSON = b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, "de\n\n'


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes to send, and the output tokens that have been spent once they are sent."""

    data: bytes
    output_tokens: int
    is_word: bool = False


def opening(
    message_id: str, model: ServedModel, spent: Tokens, diagnostics: JsonObject | None
) -> bytes:
    """`message_start`, whose `output_tokens` is a placeholder of 1."""
    head = message_head(message_id, model, diagnostics)
    start = {**head, "usage": usage(with_output(spent, 1))}
    return _event("message_start", {"message": start})


def content_frames(reply: Reply, model: ServedModel) -> Iterator[Frame]:
    """The content blocks, word by word, with a ping after the first start.

    Thinking has been paid for when the first frame leaves.
    """
    said = ""
    for index, block in enumerate(reply.blocks):
        yield Frame(_block_start(index, block), _output_so_far(reply, said, model))
        if index == 0:
            yield Frame(PING, _output_so_far(reply, said, model))
        for delta, text in _deltas(block):
            said += text
            data = _event("content_block_delta", {"index": index, "delta": delta})
            yield Frame(data, _output_so_far(reply, said, model), is_word=True)
        stop = _event("content_block_stop", {"index": index})
        yield Frame(stop, _output_so_far(reply, said, model))


def delta(reply: Reply, spent: Tokens) -> bytes:
    """`message_delta` with the stop reason and the whole usage."""
    change = {
        "stop_reason": reply.stop_reason,
        "stop_sequence": reply.stop_sequence,
        "stop_details": reply.stop_details,
        "container": None,
    }
    whole = usage(spent, thinking_tokens=reply.thinking_tokens)
    cumulative = {
        name: value
        for name, value in whole.items()
        if name not in ("cache_creation", "service_tier")
    }
    return _event("message_delta", {"delta": change, "usage": cumulative})


def error(problem: ApiError, request_id: str) -> bytes:
    """`error`, as it stands within a stream that began with a 200."""
    return _event("error", problem.body(request_id))


def _event(name: str, fields: JsonObject) -> bytes:
    data = json.dumps({"type": name, **fields}, ensure_ascii=False)
    return f"event: {name}\ndata: {data}\n\n".encode()


def _output_so_far(reply: Reply, said: str, model: ServedModel) -> int:
    return reply.thinking_tokens + tokens.of_text(said, model)


def _block_start(index: int, block: JsonObject) -> bytes:
    empty = {"text": "", "thinking": "", "signature": "", "input": {}}
    hollow = {key: empty.get(key, value) for key, value in block.items()}
    return _event("content_block_start", {"index": index, "content_block": hollow})


def _deltas(block: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    """Each delta with the text it adds to the answer; thinking adds none."""
    if block["type"] == "thinking":
        if block["thinking"]:
            yield {"type": "thinking_delta", "thinking": block["thinking"]}, ""
        yield {"type": "signature_delta", "signature": block["signature"]}, ""
    elif block["type"] == "tool_use":
        for piece in PIECE.findall(json.dumps(block["input"], ensure_ascii=False)):
            yield {"type": "input_json_delta", "partial_json": piece}, piece
    else:
        for piece in PIECE.findall(block["text"]):
            yield {"type": "text_delta", "text": piece}, piece
