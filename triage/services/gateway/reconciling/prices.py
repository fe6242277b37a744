"""What tokens of an account cost: at the price stamped on the attempt, or at today's where there is none."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from triage.services.gateway.pricing import PriceCard, card_of
from triage.types import Rates, Usage


def card_from(stamp: Mapping[str, Any], model: str, *, is_batch: bool) -> PriceCard:
    """The card that an attempt was stamped with.

    Raises:
        ModelNotPriced: There is no stamp, and nobody knows the model's price.
    """
    if not set(Rates.__slots__) <= set(stamp):
        return card_of(model, is_batch=is_batch)
    above = stamp.get("above")
    return PriceCard(
        model, _rates(stamp), _rates(above) if above else None, stamp.get("above_tokens")
    )


def _rates(stamp: Mapping[str, Any]) -> Rates:
    return Rates(**{name: Decimal(stamp[name]) for name in Rates.__slots__})


def counts(usage: Usage) -> tuple[int, ...]:
    """Tokens by class, in the order of the classes."""
    return tuple(getattr(usage, name) for name in Usage.__slots__)


def summed(*usages: Usage) -> Usage:
    return Usage(*map(sum, zip(*map(counts, (Usage(), *usages)), strict=True)))


def less(whole: Usage, part: Usage) -> Usage:
    """The difference by class; a class may be below zero."""
    return Usage(*(a - b for a, b in zip(counts(whole), counts(part), strict=True)))


def in_words(usage: Usage) -> str:
    """The classes that are not zero: "1,200 uncached input, 40 output"."""
    names = {name: name.removesuffix("_tokens").replace("_", " ") for name in Usage.__slots__}
    told = [f"{getattr(usage, n):,} {word}" for n, word in names.items() if getattr(usage, n)]
    return ", ".join(told) or "no"
