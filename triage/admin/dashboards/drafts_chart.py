"""What became of the drafts of each day, as coordinates for a template to draw as SVG. One unit is one pixel at full width."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from triage.admin.chart import (
    BOTTOM,
    DENSE_DAYS,
    HEIGHT,
    LABEL_WIDTH,
    LEFT,
    MAX_TICKS,
    RIGHT,
    TOP,
    WIDTH,
    Tick,
)
from triage.admin.formats import count
from triage.selectors.periods import Period
from triage.selectors.reports.fates import Fate

FULL = HEIGHT - BOTTOM - TOP
STEPS = (1, 2, 5, 10)


class Part(StrEnum):
    """The parts of a day's column from the ground up; the value is the name of its colour."""

    UNCHANGED = "unchanged"
    EDITED = "edited"
    WAITING = "waiting"
    DISCARDED = "discarded"
    UNFINISHED = "unfinished"

    @property
    def words(self) -> str:
        return TITLES[self]


TITLES: Mapping[Part, str] = {
    Part.UNCHANGED: "Sent unchanged",
    Part.EDITED: "Sent edited",
    Part.WAITING: "Waiting",
    Part.DISCARDED: "Discarded",
    Part.UNFINISHED: "Broken, failed, cancelled",
}
NUMBERS: Mapping[Part, Callable[[Fate], int]] = {
    Part.UNCHANGED: lambda fate: fate.sent_unchanged,
    Part.EDITED: lambda fate: fate.sent_edited,
    Part.WAITING: lambda fate: fate.undecided,
    Part.DISCARDED: lambda fate: fate.discarded,
    Part.UNFINISHED: lambda fate: fate.unfinished,
}


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    part: Part
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    counts: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    parts: tuple[Part, ...]
    is_dense: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def stacked(period: Period, found: Mapping[date, Fate]) -> Chart:
    """The days from left to right, those without a draft too."""
    days = period.days
    slot = (WIDTH - LEFT - RIGHT) / len(days)
    highest = max((fate.drafts for fate in found.values()), default=0)
    step = _step(highest)
    top = max(-(-highest // step), 1) * step
    return Chart(
        bars=tuple(
            bar
            for place, day in enumerate(days)
            for bar in _column(day, found.get(day, Fate()), place=place, slot=slot, top=top)
        ),
        counts=tuple(
            Tick(round(HEIGHT - BOTTOM - number / top * FULL, 2), count(number))
            for number in range(0, top + 1, step)
        ),
        dates=tuple(_dates(days, slot)),
        parts=tuple(Part),
        is_dense=len(days) > DENSE_DAYS,
    )


def _column(day: date, fate: Fate, *, place: int, slot: float, top: int) -> Iterator[Bar]:
    width = min(slot * 0.72, 40)
    x = LEFT + slot * place + (slot - width) / 2
    ground = float(HEIGHT - BOTTOM)
    for part in Part:
        number = NUMBERS[part](fate)
        if number:
            height = number / top * FULL
            ground -= height
            text = f"{day:%-d %B %Y}, {part.words.lower()}: {count(number)}"
            yield Bar(round(x, 2), round(ground, 2), round(width, 2), round(height, 2), part, text)


def _step(highest: int) -> int:
    """Drafts between two grid lines: 1, 2 or 5 times a power of ten, so that few lines reach the top."""
    power = 1
    while 10 * power * MAX_TICKS < highest:
        power *= 10
    return next(step * power for step in STEPS if step * power * MAX_TICKS >= highest)


def _dates(days: tuple[date, ...], slot: float) -> Iterator[Tick]:
    """As many dates as there is room for, evenly."""
    every = max(1, round(LABEL_WIDTH / slot + 0.5))
    for place in range(0, len(days), every):
        yield Tick(round(LEFT + slot * (place + 0.5), 2), f"{days[place]:%-d %b}")
