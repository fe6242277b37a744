"""Finds in a request what a reader would: the guide and the ticket."""

import html
import json
import re

from triage.simulator.prompt import content_blocks
from triage.simulator.wire import JsonObject

TICKET = re.compile(r"<ticket\b[^>]*>(.*)</ticket>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def read_guide(body: JsonObject) -> str:
    """The system prompt and the tools, as text: all the evidence about values."""
    tools = [json.dumps(tool, ensure_ascii=False) for tool in body.get("tools") or ()]
    return "\n".join([*tools, read_instructions(body)])


def read_instructions(body: JsonObject) -> str:
    """The system prompt as text."""
    blocks = content_blocks(body.get("system") or ())
    return "\n".join(str(block["text"]) for block in blocks)


def read_ticket(body: JsonObject) -> str:
    """The text to judge: the `<ticket>` of the last user message, else its first text block."""
    texts = _user_texts(body)
    found = TICKET.search("\n".join(texts))
    return plain(found[1]) if found else "".join(texts[:1]).strip()


def user_text(body: JsonObject) -> str:
    """All text of the last user message."""
    return "\n".join(_user_texts(body))


def _user_texts(body: JsonObject) -> list[str]:
    users = [message for message in body["messages"] if message["role"] == "user"]
    blocks = content_blocks(users[-1]["content"])
    return [str(block["text"]) for block in blocks if block.get("type") == "text"]


def plain(text: str) -> str:
    """Text without tags and entities."""
    return html.unescape(TAG.sub(" ", text)).strip()
