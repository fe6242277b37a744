"""The Message that answers a request: content blocks, stop reason, usage."""

import hashlib
import json
from dataclasses import dataclass, replace

from triage.simulator import tokens
from triage.simulator.answers import Answer
from triage.simulator.models import ServedModel
from triage.simulator.pricing import Tokens
from triage.simulator.wire import JsonObject

THINKING_TOKENS = {"low": 24, "medium": 64, "high": 128, "xhigh": 256, "max": 512}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer cut to `max_tokens`, with its output tokens."""

    blocks: tuple[JsonObject, ...]
    stop_reason: str
    stop_sequence: str | None
    thinking_tokens: int
    text_tokens: int
    stop_details: JsonObject | None = None

    @property
    def output_tokens(self) -> int:
        """All that is billed as output."""
        return self.thinking_tokens + self.text_tokens


def build_reply(answer: Answer, body: JsonObject, model: ServedModel) -> Reply:
    """The reply to a checked request: thinking first where it is on, then text or a tool call.

    Thinking counts as output and towards `max_tokens`; what does not fit is cut and the stop
    reason is `max_tokens`.
    """
    room = int(body["max_tokens"])
    if room == 0:
        return Reply((), "max_tokens", None, 0, 0)
    thinking = min(THINKING_TOKENS[model.effort(body)], room) if model.thinks(body) else 0
    blocks = [_thinking_block(answer, body)] if thinking else []
    text, stop_reason, stop_sequence = _shorten(answer, body, room - thinking, model)
    if text:
        blocks.append(_content_block(answer, text, stop_reason))
    return Reply(tuple(blocks), stop_reason, stop_sequence, thinking, tokens.of_text(text, model))


def message(
    reply: Reply,
    *,
    message_id: str,
    model: ServedModel,
    spent: Tokens,
    diagnostics: JsonObject | None = None,
    service_tier: str = "standard",
) -> JsonObject:
    """The reply as the JSON of a Message."""
    used = usage(spent, thinking_tokens=reply.thinking_tokens)
    return {
        **message_head(message_id, model, diagnostics),
        "content": list(reply.blocks),
        "stop_reason": reply.stop_reason,
        "stop_sequence": reply.stop_sequence,
        "stop_details": reply.stop_details,
        "usage": {**used, "service_tier": service_tier},
    }


def message_head(
    message_id: str, model: ServedModel, diagnostics: JsonObject | None = None
) -> JsonObject:
    """A Message before its content."""
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "diagnostics": diagnostics,
    }


def usage(spent: Tokens, *, thinking_tokens: int = 0) -> JsonObject:
    """The `usage` object for what was spent."""
    return {
        "input_tokens": spent.input,
        "cache_creation_input_tokens": spent.cache_write_5m + spent.cache_write_1h,
        "cache_read_input_tokens": spent.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": spent.cache_write_5m,
            "ephemeral_1h_input_tokens": spent.cache_write_1h,
        },
        "output_tokens": spent.output,
        "output_tokens_details": {"thinking_tokens": thinking_tokens},
        "service_tier": "standard",
    }


def with_output(spent: Tokens, output: int) -> Tokens:
    """The input of a request together with its output."""
    return replace(spent, output=output)


def _thinking_block(answer: Answer, body: JsonObject) -> JsonObject:
    """Thinking is billed but not shown unless `display` asks for it."""
    shown = (body.get("thinking") or {}).get("display") == "summarized"
    signature = hashlib.blake2b(answer.thinking.encode(), digest_size=24)
    return {
        "type": "thinking",
        "thinking": answer.thinking if shown else "",
        "signature": signature.hexdigest(),
    }


def _shorten(
    answer: Answer, body: JsonObject, room: int, model: ServedModel
) -> tuple[str, str, str | None]:
    """The text that may be said, why it stops, and the stop sequence that stopped it."""
    text, reason, found = answer.text, answer.stop_reason, None
    for sequence in body.get("stop_sequences") or ():
        before, mark, _ = text.partition(sequence)
        if mark:
            text, reason, found = before, "stop_sequence", sequence
    if tokens.of_text(text, model) > room:
        return tokens.cut(text, room, model), "max_tokens", None
    return text, reason, found


def _content_block(answer: Answer, text: str, stop_reason: str) -> JsonObject:
    if answer.tool_name is None:
        return {"type": "text", "text": text, "citations": None}
    whole = stop_reason == answer.stop_reason
    digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return {
        "type": "tool_use",
        "id": f"toolu_{digest}",
        "name": answer.tool_name,
        "input": json.loads(text) if whole else {},
    }
