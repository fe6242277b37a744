"""Cache diagnostics: where a request parts from an earlier one that it names.

Of a request with `diagnostics` a print is kept, by organisation and by the id of the message that
answers it. Requests are compared, not cache entries: also one that reads the cache is told that
its messages changed. Differences from the hosted API: prints last until the memory is full or
cleared, and a comparison is never pending.
"""

import hashlib
import json
from dataclasses import dataclass, field

from triage.simulator.caching import CachePlan
from triage.simulator.prompt import Section, prompt_blocks
from triage.simulator.wire import JsonObject

MOST_PRINTS = 10_000


@dataclass(frozen=True, slots=True)
class Print:
    """One request as far as it is compared; of its input, `read_tokens` came from the cache and `cached_tokens` are in it."""

    model: str
    system: tuple[bytes, ...]
    tools: tuple[bytes, ...]
    others: bytes
    messages: tuple[bytes, ...]
    read_tokens: int
    cached_tokens: int


@dataclass(slots=True)
class Prints:
    """What is remembered of the requests that asked for a diagnosis."""

    _kept: dict[tuple[str, str], Print] = field(default_factory=dict)

    def keep(self, body: JsonObject, plan: CachePlan, *, key: str, message_id: str) -> None:
        """Remember a request whose answer begins, if it carries the field."""
        if body.get("diagnostics") is None:
            return
        if len(self._kept) >= MOST_PRINTS:
            del self._kept[next(iter(self._kept))]
        self._kept[key, message_id] = print_of(body, plan)

    def diagnose(self, body: JsonObject, *, key: str, message_id: str) -> JsonObject | None:
        """The `diagnostics` of a kept request: None where none was asked for, or nothing has changed."""
        named = (body.get("diagnostics") or {}).get("previous_message_id")
        if named is None:
            return None
        reason = compare(self._kept.get((key, named)), self._kept[key, message_id])
        return None if reason is None else {"cache_miss_reason": reason}

    def clear(self) -> None:
        """Forget every request."""
        self._kept.clear()


def print_of(body: JsonObject, plan: CachePlan) -> Print:
    """What a checked request is compared by."""
    blocks = [(block.section, _digest(block.content)) for block in prompt_blocks(body)]
    parts = {s: tuple(digest for section, digest in blocks if section is s) for s in Section}
    others = [body.get(name) for name in ("output_config", "thinking", "tool_choice")]
    written = plan.tokens.cache_write_5m + plan.tokens.cache_write_1h
    return Print(
        model=body["model"],
        system=parts[Section.SYSTEM],
        tools=parts[Section.TOOLS],
        others=_digest(json.dumps(others).encode()),
        messages=parts[Section.MESSAGES],
        read_tokens=plan.tokens.cache_read,
        cached_tokens=plan.tokens.cache_read + written,
    )


def compare(previous: Print | None, now: Print) -> JsonObject | None:
    """Where two requests part first: model, system, tools, other settings, messages; None where messages were only added."""
    if previous is None:
        return {"type": "previous_message_not_found"}
    for name in ("model", "system", "tools"):
        if getattr(now, name) != getattr(previous, name):
            return _changed(name, previous, now)
    if now.others != previous.others:
        return {"type": "unavailable"}
    if now.messages[: len(previous.messages)] != previous.messages:
        return _changed("messages", previous, now)
    return None


def _changed(name: str, previous: Print, now: Print) -> JsonObject:
    missed = max(previous.cached_tokens - now.read_tokens, 0)
    return {"type": f"{name}_changed", "cache_missed_input_tokens": missed}


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
