"""Where in a draft a reader stands, and what an entry of the live stream adds there.

A place is `<characters>-<number>`: so many characters of the text have been told, and so many events at that point. It is the
id of an entry in Redis and of an event outside; the row's text can go on from it as well as the stream can.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

WRITTEN = re.compile(r"(\d{1,9})-(\d)", re.ASCII)


class Number(IntEnum):
    """What an event is, among those at the same number of characters; they come in this order."""

    NOTHING = 0
    TOLD = 1  # the start at no characters, a piece of text anywhere else
    END = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands."""

    characters: int = 0
    number: int = Number.NOTHING

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that `text` names; the beginning where it names none."""
        found = WRITTEN.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else cls()

    def __str__(self) -> str:
        return f"{self.characters}-{int(self.number)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the live stream: `text` brings a reader to `place`. The start and the end have none."""

    place: Place
    text: str = ""

    @property
    def is_end(self) -> bool:
        return self.place.number == Number.END

    def after(self, characters: int) -> str | None:
        """What it adds for a reader who has so many characters; None where something between is missing."""
        start = self.place.characters - len(self.text)
        return self.text[characters - start :] if start <= characters else None
