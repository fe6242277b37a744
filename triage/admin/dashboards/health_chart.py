"""Requests and failed requests by the hour, as coordinates for a template to draw. One unit is one pixel at full width."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.admin.formats import count, share

WIDTH, HEIGHT = 1080, 160
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 24
LABEL_EVERY = 3  # hours
BAR_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class HourBar:
    """One part of one hour's column; `text` says in words what it stands for."""

    x: float
    y: float
    width: float
    height: float
    is_failed: bool
    text: str


@dataclass(frozen=True, slots=True)
class HourMark:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class HoursChart:
    bars: tuple[HourBar, ...]
    marks: tuple[HourMark, ...]
    most: str  # how many requests the highest column may stand for
    top: int = TOP
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def by_hour(rows: Sequence[tuple[Any, ...]]) -> HoursChart:
    """The rows of the report `health-hours`, from left to right: answered on the ground, failed above."""
    most = max((row[1] for row in rows), default=0)
    slot = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    return HoursChart(
        bars=tuple(bar for place, row in enumerate(rows) for bar in _bars(place, row, slot, most)),
        marks=tuple(_marks(rows, slot)),
        most=count(most),
    )


def _bars(place: int, row: tuple[Any, ...], slot: float, most: int) -> Iterator[HourBar]:
    start, attempts, failed, _ = row
    ground = float(HEIGHT - BOTTOM)
    for number, is_failed in ((attempts - failed, False), (failed, True)):
        if number:
            height = number / most * (HEIGHT - BOTTOM - TOP)
            ground -= height
            x = LEFT + slot * (place + (1 - BAR_SHARE) / 2)
            text = _words(start, attempts, number, is_failed=is_failed)
            width = round(slot * BAR_SHARE, 2)
            yield HourBar(round(x, 2), round(ground, 2), width, round(height, 2), is_failed, text)


def _words(start: datetime, attempts: int, number: int, *, is_failed: bool) -> str:
    verb = "failed" if is_failed else "did not fail"
    of = f"{count(number)} of {count(attempts)} requests {verb} ({share(number, attempts)})"
    return f"{start:%-d %B, %H:%M} UTC: {of}"


def _marks(rows: Sequence[tuple[Any, ...]], slot: float) -> Iterator[HourMark]:
    for place, row in enumerate(rows):
        if row[0].hour % LABEL_EVERY == 0:
            yield HourMark(round(LEFT + slot * (place + 0.5), 2), f"{row[0]:%H:%M}")
