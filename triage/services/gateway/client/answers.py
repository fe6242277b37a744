"""What one attempt brought, read from the SDK's message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import anthropic

from triage.services.gateway.client.errors import rate_limits
from triage.types import Usage

# A refusal before any output shows what it would have used and costs nothing, except in these categories (since 2026-09-24).
CHARGED_REFUSALS = {"bio", "frontier_llm", "reasoning_extraction"}
MESSAGE_ID = re.compile(r"msg_\w{1,100}", re.ASCII)
LONGEST_REASON = 40  # as the ledger keeps it


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt brought: the text blocks joined, and what it is charged for. `stop_reason` is "" where it is missing."""

    text: str
    model: str
    stop_reason: str
    usage: Usage
    request_id: str
    rate_limits: dict[str, str]
    message_id: str = ""
    cache_miss_reason: str = ""  # see `read_miss`


def read_answer(message: anthropic.types.Message, headers: Mapping[str, str]) -> Answer:
    """The answer in a message. Raises one of `UNREADABLE` where it is none of Claude's."""
    return Answer(
        text=storable("".join(block.text for block in message.content if block.type == "text")),
        model=message.model,
        stop_reason=message.stop_reason or "",
        usage=Usage() if is_free(message) else read_usage(message.usage),
        request_id=headers.get("request-id", ""),
        rate_limits=rate_limits(headers),
        message_id=read_id(message.id),
        cache_miss_reason=read_miss(message.diagnostics),
    )


def is_free(message: anthropic.types.Message) -> bool:
    """Whether it is a refusal that is not charged."""
    category = message.stop_details.category if message.stop_details else None
    return is_free_refusal(message.stop_reason, category, has_content=bool(message.content))


def is_free_refusal(stop_reason: str | None, category: str | None, *, has_content: bool) -> bool:
    return stop_reason == "refusal" and not has_content and category not in CHARGED_REFUSALS


def read_id(said: object) -> str:
    """A message's id, as a later request may name it; "" for anything else."""
    return said if isinstance(said, str) and MESSAGE_ID.fullmatch(said) else ""


def read_miss(diagnostics: object) -> str:
    """Where the request parts from the one that it named, in the provider's word; "" where it does not or none was said.

    A word that is new to us is kept. Requests are compared, not the cache: what reads the cache may have a word too.
    """
    said = _part(_part(diagnostics, "cache_miss_reason"), "type")
    return storable(said)[:LONGEST_REASON] if isinstance(said, str) else ""


def _part(thing: object, name: str) -> object:
    """A part of the SDK's object or of plain JSON; None where `thing` is neither."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def storable(text: str) -> str:
    """The text as PostgreSQL can store it, for a paid answer must be storable: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def read_usage(usage: anthropic.types.Usage) -> Usage:
    written = usage.cache_creation_input_tokens or 0
    written_1h = usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else 0
    return Usage(
        uncached_input_tokens=int(usage.input_tokens),
        cache_write_5m_tokens=written - written_1h,
        cache_write_1h_tokens=written_1h,
        cache_read_tokens=usage.cache_read_input_tokens or 0,
        output_tokens=int(usage.output_tokens),
    )
