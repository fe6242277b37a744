"""A stacked daily bar chart as coordinates, for a template to draw as SVG. One unit is one pixel at full width."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from triage.admin.formats import DOLLAR_NANOUSD, dollars
from triage.models import Feature
from triage.selectors.reports.changes import Change
from triage.selectors.reports.costs_cells import DaySpend
from triage.types import usd

WIDTH, HEIGHT = 1080, 240
LEFT, RIGHT, TOP, BOTTOM = 72, 8, 28, 28
FLAG_ROOM = 18  # nearer changes share a flag
LABEL_WIDTH = 64  # of a date under the axis, with its room
STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
MAX_TICKS = 4
DENSE_DAYS = 120


@dataclass(frozen=True, slots=True)
class Bar:
    """One feature's share of one day's column."""

    x: float
    y: float
    width: float
    height: float
    feature: Feature
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, and where it stands on it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A dashed line at `at`, with a number that the legend explains by its changes."""

    number: int
    at: float
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    costs: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    flags: tuple[Flag, ...]
    features: tuple[Feature, ...]
    is_dense: bool  # too many days for a gap between the parts of a column
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    base: int = HEIGHT - BOTTOM


def stacked(days: Sequence[DaySpend], changes: Sequence[Change] = ()) -> Chart:
    """The days from left to right, each a column of its features, in the features' order from the ground up.

    `changes` are in the order of their times, none of them before the first day.
    """
    highest = max((sum(day.cost_nanousd.values()) for day in days), default=0)
    step = _step(highest)
    top = max(-(-highest // step), 1) * step
    return Chart(
        bars=tuple(_bars(days, top)),
        costs=tuple(_cost_ticks(top, step)),
        dates=tuple(_date_ticks(days)),
        flags=tuple(_flags(days, changes)),
        is_dense=len(days) > DENSE_DAYS,
        features=tuple(f for f in Feature if any(f in day.cost_nanousd for day in days)),
    )


def _step(highest: int) -> int:
    """Nano-dollars between two grid lines: 1, 2 or 5 times a power of ten, so that few lines reach the top."""
    if highest <= MAX_TICKS:
        return 1
    least = Decimal(highest) / MAX_TICKS
    power = Decimal(1).scaleb(least.adjusted())
    return int(next(step * power for step in STEPS if step * power >= least))


def _bars(days: Sequence[DaySpend], top: int) -> Iterable[Bar]:
    slot = (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    width = min(slot * 0.72, 40)
    for place, day in enumerate(days):
        ground = float(HEIGHT - BOTTOM)
        for feature in Feature:
            cost = day.cost_nanousd.get(feature, 0)
            if cost:
                height = cost / top * (HEIGHT - BOTTOM - TOP)
                ground -= height
                text = f"{day.day:%-d %B %Y}, {feature.label}: {dollars(cost)}"
                x = LEFT + slot * place + (slot - width) / 2
                yield Bar(
                    round(x, 2), round(ground, 2), round(width, 2), round(height, 2), feature, text
                )


def _cost_ticks(top: int, step: int) -> Iterable[Tick]:
    for cost in range(0, top + 1, step):
        at = HEIGHT - BOTTOM - cost / top * (HEIGHT - BOTTOM - TOP)
        yield Tick(round(at, 2), _tick_text(cost, step))


def _tick_text(cost: int, step: int) -> str:
    """All with the decimals the step needs, but whole dollars without any."""
    exponent = usd(step).normalize().as_tuple().exponent
    decimals = max(-int(exponent), 2) if step < DOLLAR_NANOUSD else 0
    return f"${usd(cost):,.{decimals}f}"


def _date_ticks(days: Sequence[DaySpend]) -> Iterable[Tick]:
    """As many dates as there is room for, evenly."""
    slot = (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    every = max(1, -(-LABEL_WIDTH // int(slot or 1))) if slot >= 1 else LABEL_WIDTH
    for place, day in enumerate(days):
        if place % every == 0:
            yield Tick(round(LEFT + slot * (place + 0.5), 2), f"{day.day:%-d %b}")


def _flags(days: Sequence[DaySpend], changes: Iterable[Change]) -> Iterable[Flag]:
    """The numbers follow the time."""
    places: list[tuple[float, list[Change]]] = []
    for change in changes:
        at = _place(days, change.at)
        if places and at - places[-1][0] < FLAG_ROOM:
            places[-1][1].append(change)
        else:
            places.append((at, [change]))
    for number, (at, near) in enumerate(places, start=1):
        yield Flag(number, at, tuple(near))


def _place(days: Sequence[DaySpend], moment: datetime) -> float:
    """Where in its day's column, from the column's left at midnight to its right."""
    start = datetime.combine(days[0].day, time.min, UTC)
    slot = (WIDTH - LEFT - RIGHT) / len(days)
    return round(LEFT + slot * ((moment - start) / timedelta(days=1)), 2)
