"""The hit rate day by day as coordinates, for a template to draw as SVG. One unit is one pixel at full width."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from triage.admin.formats import count
from triage.selectors.periods import Period
from triage.selectors.reports.cache_cells import CacheUse

WIDTH, HEIGHT = 1080, 180
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 28
SHARES = (0.0, 0.5, 1.0)
MOST_DATES = 12


@dataclass(frozen=True, slots=True)
class Point:
    """One day's rate; `text` says it in words."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, and where it stands on it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """`runs` are the `points` of SVG polylines, each of days without a gap."""

    points: tuple[Point, ...]
    runs: tuple[str, ...]
    shares: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def line_of(period: Period, uses: Mapping[date, CacheUse]) -> Line:
    """A point for every day that had anything to cache."""
    days = period.days
    points = [_point(place, len(days), day, uses.get(day)) for place, day in enumerate(days)]
    every = max(1, -(-len(days) // MOST_DATES))
    return Line(
        points=tuple(point for point in points if point),
        runs=tuple(_runs(points)),
        shares=tuple(Tick(_height(share), f"{100 * share:.0f} %") for share in SHARES),
        dates=tuple(
            Tick(_place(place, len(days)), f"{day:%-d %b}")
            for place, day in enumerate(days)
            if place % every == 0
        ),
    )


def _point(place: int, number: int, day: date, use: CacheUse | None) -> Point | None:
    if use is None or (rate := use.hit_rate) is None:
        return None
    text = (
        f"{day:%-d %B %Y}: {100 * rate:.1f} %, {count(use.hits)} of {count(use.requests)} requests"
    )
    return Point(_place(place, number), _height(rate), text)


def _runs(points: list[Point | None]) -> list[str]:
    runs: list[list[str]] = [[]]
    for point in points:
        if point:
            runs[-1].append(f"{point.x},{point.y}")
        elif runs[-1]:
            runs.append([])
    return [" ".join(run) for run in runs if len(run) > 1]


def _place(place: int, number: int) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / number, 2)


def _height(share: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share), 2)
