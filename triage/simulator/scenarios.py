"""Faults by name, drawn from a seed.

A scenario is `calm`, or parts joined by `+`: `529:0.1+slow`. A part is
`name[@model][:rate | xCOUNT]`: `429` always, `529:0.1` one request in ten, `500x3` the first three
requests only, `529@haiku-5-5` only models whose id contains the text. Parts are asked in
order; the first that ends a request wins, `slow` and `fixed` go together with any.
"""

import random
import re
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """The names a scenario may use."""

    CALM = "calm"
    RATE_LIMIT = "429"
    OVERLOAD = "529"
    ERROR = "500"
    SILENCE = "silence"
    RESET = "reset"
    CUT = "cut"
    SLOW = "slow"
    FIXED = "fixed"


MODIFIERS = frozenset({Fault.SLOW, Fault.FIXED})
_PART = re.compile(
    r"(?P<name>[a-z0-9]+?)(?:@(?P<model>[a-z0-9-]+?))?(?:x(?P<count>\d+)|:(?P<rate>\d*\.?\d+))?"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One fault of a scenario: for which models, how often, how many times."""

    fault: Fault
    model: str = ""
    rate: float = 1.0
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What the scenario does to one request: how it ends, if not well, and in what manner."""

    ending: Fault | None = None
    is_slow: bool = False
    is_fixed: bool = False


class Scenario:
    """A parsed scenario with its counters; the same seed draws the same fates in order."""

    def __init__(self, name: str = "calm", seed: int = 0) -> None:
        """Parse `name`.

        Raises:
            ValueError: A part is unknown or malformed; the message lists the known names.
        """
        self.name = name
        self.seed = seed
        self._parts = tuple(_parse(part) for part in name.split("+"))
        self._asked = [0] * len(self._parts)

    @property
    def has_slow(self) -> bool:
        """Whether some requests are slow."""
        return any(part.fault is Fault.SLOW for part in self._parts)

    def draw(self, model: str) -> Fate:
        """The fate of the next request, which asks for `model`."""
        hits = (part.fault for n, part in enumerate(self._parts) if self._strikes(n, part, model))
        ending, manner = None, set()
        for fault in hits:
            if fault in MODIFIERS:
                manner.add(fault)
            elif fault is not Fault.CALM:
                ending = fault
                break
        return Fate(ending, Fault.SLOW in manner, Fault.FIXED in manner)

    def _strikes(self, index: int, part: Part, model: str) -> bool:
        if part.model not in model:
            return False
        self._asked[index] += 1
        if part.count is not None:
            return self._asked[index] <= part.count
        if part.rate >= 1.0:
            return True
        return random.Random(f"{self.seed}/{index}/{self._asked[index]}").random() < part.rate


def _parse(text: str) -> Part:
    match = _PART.fullmatch(text.strip().lower())
    if match is None or match["name"] not in tuple(Fault):
        known = ", ".join(Fault)
        raise ValueError(
            f"unknown scenario {text.strip()!r}: use {known}, each with an optional "
            ":rate or xCOUNT, joined by +"
        )
    rate = float(match["rate"] or 1.0)
    if rate > 1.0:
        raise ValueError(f"scenario {text.strip()!r}: a rate is between 0 and 1")
    count = int(match["count"]) if match["count"] else None
    return Part(Fault(match["name"]), match["model"] or "", rate, count)
