"""The messages and the system prompt: roles, blocks, prefill."""

from collections.abc import Iterator
from typing import Any

from triage.simulator.errors import invalid
from triage.simulator.models import ServedModel
from triage.simulator.prompt import content_blocks
from triage.simulator.wire import JsonObject

ROLES = ("user", "assistant")
MAX_MESSAGES = 100_000
BLOCK_TYPES = frozenset(
    {"text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"}
)


def check_content(body: JsonObject, model: ServedModel) -> None:
    """Refuse empty, misplaced or malformed content, and prefill where it is refused (400)."""
    messages = body["messages"]
    if not messages:
        raise invalid("messages: at least one message is required")
    if len(messages) > MAX_MESSAGES:
        raise invalid(f"messages: at most {MAX_MESSAGES} messages are allowed")
    for number, message in enumerate(messages):
        _check_message(f"messages.{number}", message)
    if messages[0]["role"] != "user":
        raise invalid("messages: first message must use the `user` role")
    if messages[-1]["role"] == "assistant":
        _check_prefill(messages[-1], model)
    _check_system(body.get("system", ""))


def _check_message(path: str, message: object) -> None:
    if not isinstance(message, dict):
        raise invalid(f"{path}: Input should be a valid dictionary")
    for name in ("role", "content"):
        if name not in message:
            raise invalid(f"{path}.{name}: Field required")
    for name in message:
        if name not in ("role", "content"):
            raise invalid(f"{path}.{name}: Extra inputs are not permitted")
    if message["role"] not in ROLES:
        raise invalid(f"{path}.role: Input should be 'user' or 'assistant'")
    for where, block in _blocks(f"{path}.content", message["content"]):
        _check_block(where, block, str(message["role"]))


def _blocks(path: str, content: object) -> Iterator[tuple[str, object]]:
    if not isinstance(content, str | list):
        raise invalid(f"{path}: Input should be a valid string or list")
    if not content:
        raise invalid(f"{path}: content must not be empty")
    for index, block in enumerate(content_blocks(content)):
        yield f"{path}.{index}", block


def _check_block(path: str, found: object, role: str) -> None:
    block, kind = _typed(path, found)
    if kind not in BLOCK_TYPES:
        raise invalid(f"{path}.type: {kind!r} is not a known content block type")
    if kind == "text":
        _check_text(path, block)
    if kind == "document" and role == "assistant":
        raise invalid(f"{path}: document blocks are not permitted in assistant messages")
    if kind == "text" and role == "user" and block.get("citations"):
        raise invalid(f"{path}.citations: citations are not permitted on user text blocks")


def _check_text(path: str, block: JsonObject) -> None:
    text = block.get("text")
    if text is None:
        raise invalid(f"{path}.text: Field required")
    if not isinstance(text, str):
        raise invalid(f"{path}.text: Input should be a valid string")
    if not text.strip():
        raise invalid(f"{path}.text: text content blocks must be non-empty")


def _typed(path: str, block: object) -> tuple[JsonObject, str]:
    """A block and its `type`."""
    if not isinstance(block, dict):
        raise invalid(f"{path}: Input should be a valid dictionary")
    if not isinstance(block.get("type"), str):
        raise invalid(f"{path}.type: Field required")
    return block, str(block["type"])


def _check_prefill(message: JsonObject, model: ServedModel) -> None:
    if not model.abilities.takes_prefill:
        raise invalid(
            "messages: This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )
    last = content_blocks(message["content"])[-1]
    if last.get("type") == "text" and last["text"] != last["text"].rstrip():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")


def _check_system(system: str | list[Any]) -> None:
    if isinstance(system, str):
        return
    for index, block in enumerate(system):
        path = f"system.{index}"
        found, kind = _typed(path, block)
        if kind != "text":
            raise invalid(f"{path}.type: Input should be 'text'")
        _check_text(path, found)
