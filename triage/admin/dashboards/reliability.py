"""Confidence against truth as coordinates, for a template to draw as SVG: bars with their intervals, and the diagonal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from triage.admin.formats import count, share
from triage.selectors.quality import Sums
from triage.selectors.track_record import BANDS

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 48, 24, 12, 44
GAP = 2.0
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Bar:
    """One band: its bar from the ground up, and where its whisker stands and ends."""

    x: float
    y: float
    width: float
    height: float
    at: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark: the same share on both axes."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The diagonal leads from the corner (left, base) to (right, top)."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    middle: int = (LEFT + WIDTH - RIGHT) // 2
    right: int = WIDTH - RIGHT
    top: int = TOP
    base: int = HEIGHT - BOTTOM

    @property
    def text(self) -> str:
        """All that is drawn, in words."""
        return " ".join(bar.text for bar in self.bars)


def reliability(bands: Mapping[int, Sums]) -> Picture:
    """The picture of the sums by number of the band. Bands of which nothing is judged have no bar."""
    return Picture(
        bars=tuple(_bars(bands)),
        ticks=tuple(Tick(_across(at), _up(at), f"{100 * at:.0f} %") for at in TICKS),
    )


def _bars(bands: Mapping[int, Sums]) -> Iterable[Bar]:
    for number, (low, high) in enumerate(BANDS):
        sums = bands.get(number, Sums())
        interval = sums.accuracy.interval
        if interval is None or sums.mean_confidence is None:
            continue
        top = _up(sums.right / sums.judged)
        yield Bar(
            x=_across(low) + GAP / 2,
            y=top,
            width=_across(high) - _across(low) - GAP,
            height=HEIGHT - BOTTOM - top,
            at=_across(sums.mean_confidence),
            low=_up(interval.low),
            high=_up(interval.high),
            text=(
                f"Confidence {low:.2f} to {high:.2f}: right {count(sums.right)} of {count(sums.judged)} judged,"
                f" {share(sums.right, sums.judged)}, between {100 * interval.low:.1f} and {100 * interval.high:.1f} %."
            ),
        )


def _across(confidence: float) -> float:
    return round(LEFT + confidence * (WIDTH - LEFT - RIGHT), 2)


def _up(right: float) -> float:
    return round(HEIGHT - BOTTOM - right * (HEIGHT - BOTTOM - TOP), 2)
