"""The way back: originals in the place of placeholders, also in a text that comes in pieces."""

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*_[1-9][0-9]*\]")


def restored(text: str, originals: Mapping[str, str]) -> str:
    """`text` with `originals` in the place of their placeholders. An original is never searched for placeholders itself."""
    return PLACEHOLDER.sub(lambda found: originals.get(found[0], found[0]), text)


class Restorer:
    """Restores a text piece by piece. It holds back only what may be the beginning of a placeholder of ours."""

    def __init__(self, originals: Mapping[str, str]) -> None:
        self._originals = originals
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be said of the text so far, and was not said before."""
        text = self._held + piece
        cut = text.rfind("[")
        if cut < 0 or not self._may_begin_one(text[cut:]):
            cut = len(text)
        self._held = text[cut:]
        return restored(text[:cut], self._originals)

    def close(self) -> str:
        """What was held back: the text has ended, so it begins no placeholder."""
        text, self._held = self._held, ""
        return text

    def _may_begin_one(self, tail: str) -> bool:
        return any(each != tail and each.startswith(tail) for each in self._originals)
