"""Text as it may be stored: no control characters, a bounded length, and a mark where something was cut."""

import math
import re
from typing import Any

from django.conf import settings

from triage.exceptions import InvalidInput

# Everything of Unicode's Cc but tab and newline, lone surrogates, the direction overrides that make text lie, the byte
# order mark, and the invisible tag characters that hide a text inside a text.
UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)
LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
LEVELS_MAX = 50  # of lists and objects inside each other; people write two or three
VALUES_MAX = (
    10_000  # a table pasted into a field is no custom field, and a million values fill the memory
)


def cleaned(text: str) -> str:
    """`text` with plain newlines and without control characters, and no blank ends."""
    return UNWANTED.sub("", LINE_END.sub("\n", text)).strip()


def bounded(text: str, most: int | None = None) -> str:
    """`text`, cut with a mark where it is longer than `most` (TRIAGE_TICKET_MAX_CHARACTERS); the mark counts."""
    limit = most or settings.TRIAGE_TICKET_MAX_CHARACTERS
    if len(text) <= limit:
        return text
    mark = f"\n\n[cut here: {len(text):,} characters came, {limit:,} are kept]"
    return text[: limit - len(mark)] + mark


def shortened(text: str, *, most: int) -> str:
    """One line of `text` of at most `most` characters, with an ellipsis where it was cut."""
    line = " ".join(cleaned(text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def plain_json(value: Any) -> Any:
    """`value` as JSON that PostgreSQL takes: texts cleaned and bounded as everywhere, no infinite numbers.

    Raises:
        InvalidInput: It is nested deeper than LEVELS_MAX, or has more than VALUES_MAX values.
    """
    _check_extent(value)
    return _plain(value)


def _check_extent(value: Any) -> None:
    waiting, values = [(value, 0)], 0
    while waiting:
        item, level = waiting.pop()
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        values += len(inner)
        if level > LEVELS_MAX:
            raise InvalidInput("custom_fields", f"nested more than {LEVELS_MAX} levels deep")
        if values > VALUES_MAX:
            raise InvalidInput("custom_fields", f"more than {VALUES_MAX:,} values")
        waiting += [(each, level + 1) for each in inner]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return bounded(cleaned(value))
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {cleaned(str(key)): _plain(item) for key, item in value.items()}
    return value
