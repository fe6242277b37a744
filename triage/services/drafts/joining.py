"""Where a reply goes on that had broken off, so that no word is there twice, cut in two or run into the next.

Claude is asked to begin with the last word so far, written out: only so can be seen whether the text broke off within a word.
"""

import re

LAST_WORD = re.compile(r"\S+(?=\s*\Z)")
CLOSING = tuple(".,;:!?)]}…»”’")


class Joint:
    """Add the pieces of what follows `before`; each call gives what is to be appended, "" while that is still open.

    What is still held back in the end was the last word again.
    """

    def __init__(self, before: str) -> None:
        last = LAST_WORD.search(before)
        self._word = last[0] if last else ""
        self._is_open = bool(last)
        self._ends_blank = before[-1:].isspace()
        self._held = ""

    def add(self, piece: str) -> str:
        if not self._is_open:
            return piece
        self._held += piece
        said = self._held.lstrip()
        if len(said) < len(self._word) and self._word.startswith(said):
            return ""
        return self._after_word(said) if said.startswith(self._word) else self._closed(self._new())

    def _after_word(self, said: str) -> str:
        rest = said[len(self._word) :]
        if not rest or (self._ends_blank and rest.isspace()):
            return ""
        return self._closed(rest.lstrip() if self._ends_blank else rest)

    def _new(self) -> str:
        """The last word has not been said again."""
        said = self._held.lstrip()
        if self._ends_blank or said.startswith(CLOSING):
            return said
        return self._held if said != self._held else f" {said}"

    def _closed(self, text: str) -> str:
        self._is_open = False
        return text
