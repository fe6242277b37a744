"""What every statistic asks of its input; what is wrong with it is named, in words that can be shown."""

from collections.abc import Sequence
from typing import Any

from triage.exceptions import InvalidInput


def check_some(name: str, values: Sequence[Any]) -> None:
    if not len(values):
        raise InvalidInput(name, "there are none")


def check_as_many(name: str, values: Sequence[Any], *, as_many_as: Sequence[Any]) -> None:
    if len(values) != len(as_many_as):
        raise InvalidInput(name, f"there are {len(values):,}, where {len(as_many_as):,} belong")


def check_confidences(confidences: Sequence[float], *, name: str = "confidences") -> None:
    """Each is a number from 0 to 1; NaN is not."""
    for place, confidence in enumerate(confidences, 1):
        if not 0 <= confidence <= 1:
            raise InvalidInput(name, f"number {place:,} is {confidence}, not 0 to 1")


def check_judged(confidences: Sequence[float], are_right: Sequence[bool]) -> None:
    """Confidences with as many judgements, at least one."""
    check_some("confidences", confidences)
    check_as_many("judgements", are_right, as_many_as=confidences)
    check_confidences(confidences)


def check_between(name: str, value: float) -> None:
    """Above 0 and below 1: at either end there is nothing to prove."""
    if not 0 < value < 1:
        raise InvalidInput(name, f"{value} is not between 0 and 1")


def check_count(name: str, part: int, *, of: int) -> None:
    if not 0 <= part <= of:
        raise InvalidInput(name, f"{part:,} of {of:,} cannot be")
