"""Text as data inside our delimiters: what a prompt holds of a customer's words stays in its place."""

import re

OWN_TAGS = re.compile(
    r"<(?=[\s/]*(?:ticket|subject|message|labels?|example)\b)|<(?=\|)", re.IGNORECASE
)
ROLE_MARKERS = re.compile(
    r"^([^\S\n]*)(system|assistant|human|user)\s*:", re.IGNORECASE | re.MULTILINE
)


def neutralised(text: str) -> str:
    """`text` that can neither close our delimiters nor pose as another speaker; it reads the same to a person."""
    return ROLE_MARKERS.sub(r"\1\2 -", OWN_TAGS.sub("‹", text))
