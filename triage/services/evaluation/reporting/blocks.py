"""What a page of results is made of, as plain values: `markup` writes them as HTML, for the admin page and the file alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """`address`: where the cell leads to on the admin page; a report in a file has nowhere to lead to."""

    text: str
    is_number: bool = False
    address: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    title: str
    is_number: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The first cell of a row is its head. `note` stands below, `empty` in place of rows."""

    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    empty: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    title: str
    figure: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence; `kind` is "headline", "info" or "warning", "quiet" for small print, "" for plain words."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences, one a line."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick of a picture's axes."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a picture with its whisker from `low` up to `high` (all in its coordinates) and its words."""

    x: float
    y: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """Connected places; `kind` says how it is drawn."""

    places: tuple[tuple[float, float], ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, one unit a pixel at full width; `text` says all of it in words."""

    title: str
    text: str
    across: str
    up: str
    marks_across: tuple[Mark, ...]
    marks_up: tuple[Mark, ...]
    lines: tuple[Line, ...] = ()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """One threshold of the explorer: its row in the table, and its place in the picture."""

    threshold: str
    figures: tuple[str, ...]
    state: str
    words: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Explorer:
    """Thresholds from strict to loose; `chosen` is the place of the one to begin with."""

    name: str
    titles: tuple[str, ...]
    stops: tuple[Stop, ...]
    chosen: int
    picture: Picture
    note: str


Block = Table | Tiles | Note | Words | Picture | Explorer


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Sections of one configuration, or of all. `title` is "" where there is but one; the first of several stands open."""

    title: str
    sections: tuple[Section, ...]
    is_open: bool = True
