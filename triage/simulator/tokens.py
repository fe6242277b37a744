"""How many tokens a text is: a fixed rule, not a tokenizer.

Models up to 4.6 count one token per four UTF-8 bytes; the newer tokenizer counts 30 % more for
the same text. Both round up per block. The rule never exceeds one token per byte.
"""

import json

from triage.simulator.models import ServedModel
from triage.simulator.prompt import Block, prompt_blocks
from triage.simulator.wire import JsonObject

REQUEST_TOKENS = 8  # frame of a request: an assumption, the real figure is not published
MESSAGE_TOKENS = 4  # frame of a message: likewise
TOOLS_TOKENS = 354  # hidden prompt for tools, published for Sonnet 5; taken for every model


def of_bytes(size: int, *, is_new_tokenizer: bool) -> int:
    """Tokens in `size` bytes of text."""
    return -(-size * 13 // 40) if is_new_tokenizer else -(-size // 4)


def of_text(text: str, model: ServedModel) -> int:
    """Tokens in `text` for this model."""
    size = len(text.encode())
    return of_bytes(size, is_new_tokenizer=model.abilities.is_new_tokenizer)


def of_block(block: Block, model: ServedModel) -> int:
    """Tokens in one block of the prompt."""
    size = len(block.content)
    return of_bytes(size, is_new_tokenizer=model.abilities.is_new_tokenizer)


def of_frame(body: JsonObject, model: ServedModel) -> int:
    """Tokens that belong to no block and are never cached: frames and the output schema."""
    tokens = REQUEST_TOKENS + MESSAGE_TOKENS * len(body["messages"])
    if body.get("tools"):
        tokens += TOOLS_TOKENS
    schema = (body.get("output_config") or {}).get("format")
    if schema:
        tokens += of_text(json.dumps(schema, ensure_ascii=False), model)
    return tokens


def of_request(body: JsonObject, model: ServedModel) -> int:
    """All input tokens of a checked request, cached or not."""
    return of_frame(body, model) + sum(of_block(block, model) for block in prompt_blocks(body))


def cut(text: str, tokens: int, model: ServedModel) -> str:
    """The longest start of `text` that is at most `tokens` tokens long."""
    size = tokens * 40 // 13 if model.abilities.is_new_tokenizer else tokens * 4
    return text.encode()[:size].decode(errors="ignore")
