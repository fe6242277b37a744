"""What a person newly wrote: without quoted mails and signatures. For the prompt alone; the ticket keeps all of it."""

import re

from quotequail import quote

SIGNATURE_LINE = re.compile(
    r"^(?:--\s?$|_{8,}$|(?:sent|get|gesendet|von meinem|envoyé|enviado|wysłane)\b.{0,40}"
    r"\b(?:i?phone|ipad|android|galaxy|outlook|mobile|smartphone|handy|móvil|telefon\w*)\b.{0,20}$)",
    re.IGNORECASE,
)


def new_words(text: str) -> str:
    """`text` without quoted parts and without its signature; the whole text where nothing else would be left."""
    fresh = "".join(part for is_fresh, part in quote(text, quote_intro_line=True) if is_fresh)
    return _without_signature(fresh).strip() or text.strip()


def _without_signature(text: str) -> str:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if SIGNATURE_LINE.match(line.strip()):
            return "\n".join(lines[:number])
    return text
