"""What stands beside an answer, as one chance of being right, by parameters that are plain numbers: nothing is needed but Python.

`calibrating.fit_signals` makes them. They are kept as JSON; what changes in their form gets a new FORMAT, and an unknown one is
refused.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from math import isfinite
from typing import Any

from triage.exceptions import InvalidInput
from triage.services.statistics import calibration
from triage.services.statistics.calibration import Calibration, log_odds, sigmoid
from triage.services.statistics.checking import check_confidences

FORMAT = 1


class Signal(StrEnum):
    STATED = "stated"
    RUNNER_UP = "runner_up"
    AGREED = "is_agreed"
    LOCAL = "local_chance"


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known beside one answer; confidences and chances are 0 to 1.

    Args:
        stated: The confidence that the model states.
        runner_up: What it states for its second choice, 0 without one.
        is_agreed: The stage before named the same label; None where there was none, or nothing it named could be used.
        local_chance: How likely the label is with the local model's answer joined; None without such a model.
    """

    stated: float
    runner_up: float = 0.0
    is_agreed: bool | None = None
    local_chance: float | None = None

    def has(self, signal: Signal) -> bool:
        return getattr(self, signal) is not None

    def values(self, used: Iterable[Signal]) -> tuple[float, ...]:
        """The signals as the regression has them: log-odds, and 1 or 0 for the agreement."""
        return tuple(self._value(signal) for signal in used)

    def _value(self, signal: Signal) -> float:
        value = getattr(self, signal)
        return float(value) if signal is Signal.AGREED else log_odds(value)


@dataclass(frozen=True, slots=True)
class Signalled:
    """A fitted calibrator: s(weights · signals + intercept), then `curve` if there is one.

    Args:
        tickets: How many judged tickets it was fitted on.
        plain: The curve of the stated confidence alone, for an answer that lacks a signal of `weights`.
    """

    tickets: int
    weights: Mapping[Signal, float]
    intercept: float
    plain: Calibration
    curve: Calibration | None = None

    @property
    def version(self) -> str:
        """The same for the same parameters: 12 hexadecimal digits."""
        return sha256(json.dumps(to_json(self), sort_keys=True).encode()).hexdigest()[:12]

    def chance(self, signals: Signals) -> float:
        """The chance (0 to 1) that the answer is right."""
        check_confidences([signals.stated, signals.runner_up, signals.local_chance or 0.0])
        if not all(map(signals.has, self.weights)):
            return self.plain.chance(signals.stated)
        values = zip(self.weights.values(), signals.values(self.weights), strict=True)
        scored = sigmoid(self.intercept + sum(weight * value for weight, value in values))
        return self.curve.chance(scored) if self.curve else scored


def to_json(calibrator: Signalled) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "tickets": calibrator.tickets,
        "weights": {str(signal): weight for signal, weight in calibrator.weights.items()},
        "intercept": calibrator.intercept,
        "plain": calibration.to_json(calibrator.plain),
        "curve": calibration.to_json(calibrator.curve) if calibrator.curve else None,
    }


def from_json(stored: Mapping[str, Any]) -> Signalled:
    """The calibrator of `to_json`; raises `InvalidInput` for what is none."""
    if stored.get("format") != FORMAT:
        raise InvalidInput("format", f"{stored.get('format')!r} is not {FORMAT}")
    try:
        calibrator = Signalled(
            tickets=int(stored["tickets"]),
            weights={Signal(name): float(weight) for name, weight in stored["weights"].items()},
            intercept=float(stored["intercept"]),
            plain=calibration.from_json(stored["plain"]),
            curve=calibration.from_json(stored["curve"]) if stored["curve"] else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise InvalidInput("calibrator", f"not readable: {exc}") from exc
    if not isfinite(calibrator.intercept + sum(calibrator.weights.values())):
        raise InvalidInput("weights", "they are no numbers")
    return calibrator
