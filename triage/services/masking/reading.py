"""A text as recognisers read it: Unicode's digits, spaces and wide forms as ASCII, invisible characters left out."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

Span = tuple[int, int]  # in characters, the end not included


@dataclass(frozen=True, slots=True)
class Reading:
    """`plain` is what is searched. `places` are the positions of its characters in the text it was read from."""

    plain: str
    places: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Self:
        if text.isascii():
            return cls(text, range(len(text)))
        kept = [(place, plain) for place, each in enumerate(text) if (plain := _plain(each))]
        return cls("".join(plain for _, plain in kept), [place for place, _ in kept])

    def in_text(self, span: Span) -> Span:
        """A span of `plain`, not empty, as the span of the text."""
        start, end = span
        return self.places[start], self.places[end - 1] + 1


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One character, or none."""
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Zs":
            return " "
        case "Cf":
            return ""
        case "Cs":
            return "�"
    return chr(ord(character) - 0xFEE0) if "！" <= character <= "～" else character
