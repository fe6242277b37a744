"""A request's prompt as the blocks the cache sees, in their order: tools, system, messages."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from triage.simulator.wire import JsonObject


class Section(StrEnum):
    """Which part of the request a block belongs to."""

    TOOLS = "tools"
    SYSTEM = "system"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the prompt.

    `content` is what the model reads, as bytes; `ttl` is "5m" or "1h" where a cache breakpoint
    ends the block.
    """

    path: str
    section: Section
    content: bytes
    ttl: str | None = None


def prompt_blocks(body: JsonObject) -> tuple[Block, ...]:
    """The blocks of a checked request; a top-level `cache_control` marks the last one."""
    blocks = [*_tools(body), *_system(body), *_messages(body)]
    automatic = _ttl(body)
    if automatic and blocks and blocks[-1].ttl is None:
        blocks[-1] = replace(blocks[-1], ttl=automatic)
    return tuple(blocks)


def content_blocks(content: str | Sequence[JsonObject]) -> list[JsonObject]:
    """Message or system content as a list; a plain string is one text block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _tools(body: JsonObject) -> Iterator[Block]:
    for index, tool in enumerate(body.get("tools") or ()):
        yield Block(f"tools.{index}", Section.TOOLS, _as_bytes(tool), _ttl(tool))


def _system(body: JsonObject) -> Iterator[Block]:
    for index, block in enumerate(content_blocks(body.get("system") or ())):
        yield Block(f"system.{index}", Section.SYSTEM, _as_bytes(block), _ttl(block))


def _messages(body: JsonObject) -> Iterator[Block]:
    for number, message in enumerate(body["messages"]):
        role = f"{message['role']}: ".encode()
        for index, block in enumerate(content_blocks(message["content"])):
            path = f"messages.{number}.content.{index}"
            yield Block(path, Section.MESSAGES, role + _as_bytes(block), _ttl(block))


def _as_bytes(block: JsonObject) -> bytes:
    if block.get("type") == "text":
        return str(block["text"]).encode()
    plain = {key: value for key, value in block.items() if key != "cache_control"}
    return json.dumps(plain, ensure_ascii=False).encode()


def _ttl(block: JsonObject) -> str | None:
    control = block.get("cache_control")
    return None if control is None else str(control.get("ttl", "5m"))
