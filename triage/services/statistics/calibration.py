"""A confidence turned into a chance of being right, by parameters that are plain numbers: nothing is needed but Python.

`calibrating.fit` makes them. They are kept as JSON; what changes in their form gets a new FORMAT, and an unknown one is refused.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from math import exp, isfinite, log
from typing import Any

from triage.exceptions import InvalidInput
from triage.services.statistics.checking import check_confidences

FORMAT = 1
NEAREST = 0.001  # to 0 and to 1: a stated 100 % is taken for 99.9 %


class Kind(StrEnum):
    PLATT = "platt"
    ISOTONIC = "isotonic"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising curve from confidence to chance, both 0 to 1, fitted on `tickets` judged tickets.

    Platt: s(slope · log(c / (1 - c)) + intercept). Isotonic: straight lines between the points of `knots` (confidence, chance),
    level outside of them.
    """

    kind: Kind
    tickets: int
    slope: float = 0.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    @property
    def version(self) -> str:
        """The same for the same parameters: 12 hexadecimal digits."""
        return sha256(json.dumps(to_json(self), sort_keys=True).encode()).hexdigest()[:12]

    def chance(self, confidence: float) -> float:
        check_confidences([confidence])
        if self.kind is Kind.PLATT:
            return sigmoid(self.slope * log_odds(confidence) + self.intercept)
        return _interpolated(self.knots, confidence)


def log_odds(confidence: float) -> float:
    """log(c / (1 - c)), with c kept NEAREST away from 0 and 1."""
    kept = min(max(confidence, NEAREST), 1 - NEAREST)
    return log(kept / (1 - kept))


def sigmoid(value: float) -> float:
    return 1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value))


def to_json(calibration: Calibration) -> dict[str, Any]:
    return {"format": FORMAT, **asdict(calibration)}


def from_json(stored: Mapping[str, Any]) -> Calibration:
    """The calibration of `to_json`; raises `InvalidInput` for what is none."""
    if stored.get("format") != FORMAT:
        raise InvalidInput("format", f"{stored.get('format')!r} is not {FORMAT}")
    try:
        calibration = Calibration(
            kind=Kind(stored["kind"]),
            tickets=int(stored["tickets"]),
            slope=float(stored["slope"]),
            intercept=float(stored["intercept"]),
            knots=tuple((float(x), float(y)) for x, y in stored["knots"]),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise InvalidInput("calibration", f"not readable: {exc}") from exc
    _check(calibration)
    return calibration


def _check(calibration: Calibration) -> None:
    """The curve rises and stays between 0 and 1."""
    if not (calibration.slope >= 0 and isfinite(calibration.slope + calibration.intercept)):
        raise InvalidInput(
            "slope", f"{calibration.slope}, {calibration.intercept} is no rising curve"
        )
    if calibration.kind is Kind.ISOTONIC and not calibration.knots:
        raise InvalidInput("knots", "there are none")
    check_confidences([number for knot in calibration.knots for number in knot], name="knots")
    if any(x >= right or y > above for (x, y), (right, above) in pairwise(calibration.knots)):
        raise InvalidInput("knots", "they do not rise")


def _interpolated(knots: tuple[tuple[float, float], ...], at: float) -> float:
    place = bisect_right(knots, at, key=lambda knot: knot[0])
    if place in {0, len(knots)}:
        return knots[max(place - 1, 0)][1]
    (left, low), (right, high) = knots[place - 1 : place + 1]
    return low + (high - low) * (at - left) / (right - left)
