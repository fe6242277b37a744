"""What the events of a stream add up to: the text, why it ended, and what it used so far."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from anthropic.types import Usage as SdkUsage

from triage.services.gateway.client.answers import (
    is_free_refusal,
    read_id,
    read_miss,
    read_usage,
    storable,
)
from triage.types import Usage

# Pings and `message_start` keep a connection alive and bring nothing.
CONTENT_EVENTS = {
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
}
TEXT_PARTS = {"text", "text_delta"}


@dataclass(slots=True)
class Told:
    """All that the events so far have said. An event that is malformed raises one of the client's `UNREADABLE`."""

    model: str = ""
    message_id: str = ""
    cache_miss_reason: str = ""
    stop_reason: str = ""
    refusal_category: str | None = None
    pieces: list[str] = field(default_factory=list)
    has_content: bool = False
    has_counted_output: bool = False
    is_complete: bool = False
    _usage: Usage = field(default_factory=Usage)
    _counts: dict[str, Any] = field(default_factory=dict)

    @property
    def output_tokens_seen(self) -> int:
        """Output tokens that were certainly made: a count of the provider's, else 1 for any content."""
        return self._usage.output_tokens if self.has_counted_output else int(self.has_content)

    @property
    def usage(self) -> Usage:
        """What it is charged for."""
        if self.is_complete and is_free_refusal(
            self.stop_reason, self.refusal_category, has_content=self.has_content
        ):
            return Usage()
        return replace(self._usage, output_tokens=self.output_tokens_seen)

    @property
    def is_usage_final(self) -> bool:
        return self.has_counted_output and (self.is_complete or bool(self.stop_reason))

    def take(self, event: dict[str, Any]) -> str:
        """The text that this event adds, "" if none. Events of an unknown type add nothing."""
        match event["type"]:
            case "message_start":
                self._begin(event["message"])
            case "content_block_start":
                return self._add(event["content_block"])
            case "content_block_delta":
                return self._add(event["delta"])
            case "message_delta":
                self._end(event["delta"], event.get("usage"))
            case "message_stop":
                self.is_complete = True
        return ""

    def _begin(self, message: dict[str, Any]) -> None:
        self.model = message["model"]
        self.message_id = read_id(message.get("id"))
        self.cache_miss_reason = read_miss(message.get("diagnostics"))
        self._count(message["usage"])

    def _add(self, part: dict[str, Any]) -> str:
        """Text is returned; thinking, tools' input and the like are content too, but no text."""
        self.has_content = self.has_content or any(
            value for name, value in part.items() if name != "type"
        )
        if part["type"] not in TEXT_PARTS:
            return ""
        text = storable(part["text"])
        self.pieces.append(text)
        return text

    def _end(self, delta: dict[str, Any], counts: dict[str, Any] | None) -> None:
        self.stop_reason = delta.get("stop_reason") or self.stop_reason
        self.refusal_category = (delta.get("stop_details") or {}).get("category")
        if counts:
            self._count(counts)
            self.has_counted_output = True

    def _count(self, counts: dict[str, Any]) -> None:
        """Counts are cumulative: a later one replaces the earlier, and what it leaves out stays."""
        self._counts |= {name: count for name, count in counts.items() if count is not None}
        self._usage = read_usage(SdkUsage.model_validate(self._counts))


def read_event(data: str) -> dict[str, Any]:
    """The event in an SSE frame's data. Raises one of the client's `UNREADABLE`."""
    event = json.loads(data)
    if not isinstance(event, dict):
        raise TypeError("an event is an object")
    return event
