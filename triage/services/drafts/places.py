"""Where in a draft a reader stands, and what an entry of the live stream adds there.

A place is `<characters>-<number>`: so many characters of the text have been told, and with them so many citations, one less than
the number. It is the id of an entry in Redis and of an event outside; both only ever grow, so the row's text and citations can
go on from it as well as the stream can.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

WRITTEN = re.compile(r"(\d{1,9})-(\d)", re.ASCII)


class Number(IntEnum):
    """What has been told, besides the characters."""

    NOTHING = 0
    TOLD = 1  # the start, and one more for each citation
    END = 9


CITATIONS_MAX = Number.END - Number.TOLD - 1


@dataclass(frozen=True, slots=True)
class Citation:
    """That the text up to the character `at` rests on that source."""

    source_id: int
    at: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands."""

    characters: int = 0
    number: int = Number.NOTHING

    @classmethod
    def told(cls, characters: int, citations: int = 0) -> Self:
        """After so much of a draft."""
        return cls(characters, Number.TOLD + citations)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that `text` names; the beginning where it names none."""
        found = WRITTEN.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else cls()

    @property
    def citations(self) -> int:
        return max(self.number - Number.TOLD, 0)

    def __str__(self) -> str:
        return f"{self.characters}-{int(self.number)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the live stream: `text` brings a reader to `place`. The start and the end have none.

    `citations` are all so far, those that earlier entries had too: whoever has missed one finds it in the next.
    """

    place: Place
    text: str = ""
    citations: tuple[Citation, ...] = ()

    @property
    def is_end(self) -> bool:
        return self.place.number == Number.END

    def after(self, characters: int) -> str | None:
        """What it adds for a reader who has so many characters; None where something between is missing."""
        start = self.place.characters - len(self.text)
        return self.text[characters - start :] if start <= characters else None
