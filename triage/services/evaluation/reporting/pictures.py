"""Pictures of results as coordinates: confidence against truth, and errors against coverage."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from triage.services.evaluation.reporting.blocks import Line, Mark, Picture, Point
from triage.services.evaluation.reporting.formats import (
    bound,
    confidence,
    interval,
    percent,
    share,
    value_of,
)

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 16, 48
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST_ERROR = 0.05  # the axis of errors reaches at least so far
MARKS = 5


def reliability(told: Mapping[str, Any], *, title: str) -> Picture:
    """A point a bin, its interval through it, beside the diagonal on which a confidence means what it says."""
    points = tuple(_bin(each) for each in told["bins"])
    return Picture(
        title=title,
        text=" ".join(point.text for point in points),
        across="Confidence",
        up="Right",
        marks_across=tuple(Mark(across(at), bound(at)) for at in QUARTERS),
        marks_up=tuple(Mark(up(at), bound(at)) for at in QUARTERS),
        lines=(Line(((across(0), up(0)), (across(1), up(1))), "diagonal"),),
        points=points,
    )


def _bin(told: Mapping[str, Any]) -> Point:
    right = told["right"]
    return Point(
        x=across(told["confidence"]),
        y=up(value_of(right) or 0.0),
        low=up(right["low"]),
        high=up(right["high"]),
        text=(
            f"Confidence {confidence(told['low'])} to {confidence(told['high'])}: right {share(right)},"
            f" between {interval(right)}."
        ),
    )


def risk(sweep: Sequence[Mapping[str, Any]], *, target: float) -> Picture:
    """The share of wrong ones among what stands, and its bound, from few standing labels to all; and the error promised."""
    top = highest_error(sweep, target)
    return Picture(
        title="Errors against coverage",
        text=_risk_words(sweep, target),
        across="Labels that stand without a person",
        up="Wrong among them",
        marks_across=tuple(Mark(across(at), bound(at)) for at in QUARTERS),
        marks_up=tuple(Mark(up(at / MARKS), percent(top * at / MARKS)) for at in range(MARKS + 1)),
        lines=(
            Line(((across(0), up(target / top)), (across(1), up(target / top))), "target"),
            Line(tuple(_at(point, "error_at_most", top) for point in sweep), "bound"),
            Line(tuple(_at(point, "error", top) for point in sweep), "error"),
        ),
    )


def highest_error(sweep: Sequence[Mapping[str, Any]], target: float) -> float:
    """The top of the axis: enough for what was seen and what was promised, in steps of LEAST_ERROR."""
    seen = max((point["error"] or 0.0 for point in sweep), default=0.0)
    return min(ceil(2 * max(seen, target) / LEAST_ERROR) * LEAST_ERROR, 1.0)


def place(point: Mapping[str, Any], top: float) -> tuple[float, float]:
    """Where a threshold stands in the picture of errors."""
    return _at(point, "error", top)


def _at(point: Mapping[str, Any], key: str, top: float) -> tuple[float, float]:
    return across(point["coverage"]), up(min((point[key] or 0.0) / top, 1.0))


def _risk_words(sweep: Sequence[Mapping[str, Any]], target: float) -> str:
    if not sweep:
        return ""
    strict, loose = sweep[0], sweep[-1]
    return (
        f"From {percent(strict['coverage'])} of the labels standing, {percent(strict['error'])} of them wrong, to"
        f" {percent(loose['coverage'])}, {percent(loose['error'])} wrong; at most {bound(target)} is asked for."
    )


def across(value: float) -> float:
    return round(LEFT + value * (WIDTH - LEFT - RIGHT), 2)


def up(value: float) -> float:
    return round(HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - TOP), 2)
