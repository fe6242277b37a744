"""Text as it may be stored: no control characters, a bounded length, and a mark where something was cut."""

import re

from django.conf import settings

# Everything of Unicode's Cc but tab and newline, lone surrogates, and the direction overrides that make text lie.
UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
LINE_END = re.compile(r"\r\n?|\u2028|\u2029")


def cleaned(text: str) -> str:
    """`text` with plain newlines and without control characters, and no blank ends."""
    return UNWANTED.sub("", LINE_END.sub("\n", text)).strip()


def bounded(text: str) -> str:
    """`text`, cut with a mark where it is longer than TRIAGE_TICKET_MAX_CHARACTERS; the mark counts."""
    limit = settings.TRIAGE_TICKET_MAX_CHARACTERS
    if len(text) <= limit:
        return text
    mark = f"\n\n[cut here: {len(text):,} characters came, {limit:,} are kept]"
    return text[: limit - len(mark)] + mark
