"""What an attempt costs, exactly.

Prices come from the `genai-prices` package, which also prices retired ids; whether a model may be asked is the catalog's
question. Costs are computed in exact decimals and rounded once per attempt, half-even, to whole nano-dollars.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

import genai_prices
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import TieredPrices

from triage.exceptions import ModelNotPriced
from triage.services.gateway.catalog import CATALOG
from triage.types import NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK, Rates, Usage

SOURCE = f"genai-prices {genai_prices.__version__}"


@dataclass(frozen=True, slots=True)
class PriceCard:
    """A model's rates: `base`, and `above` for requests of more than `band_tokens` input tokens, where it has a band."""

    model: str
    base: Rates
    above: Rates | None = None
    band_tokens: int | None = None

    def rates_for(self, input_tokens: int) -> Rates:
        if self.above and self.band_tokens is not None and input_tokens > self.band_tokens:
            return self.above
        return self.base

    def cost_nanousd(self, usage: Usage) -> int:
        """The whole cost of one attempt; the band looks at all input, cached or not."""
        return self.rates_for(usage.input_tokens).cost_nanousd(usage)

    def bound_nanousd(self, *, request_bytes: int, max_tokens: int) -> int:
        """No attempt of this size can cost more: every byte and 1,000 tokens more at the dearest input class, all output."""
        tokens = request_bytes + 1_000
        rates = self.rates_for(tokens)
        dearest = max(
            rates.uncached_input, rates.cache_write_5m, rates.cache_write_1h, rates.cache_read
        )
        exact = NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK * (tokens * dearest + max_tokens * rates.output)
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

    @property
    def stamp_json(self) -> str:
        return _stamp_json(self)

    def stamp(self) -> dict[str, Any]:
        """The card as it is kept on the attempt."""
        stamp: dict[str, Any] = {"source": SOURCE} | _as_strings(self.base)
        if self.above:
            stamp |= {"above_tokens": self.band_tokens, "above": _as_strings(self.above)}
        return stamp


def card_of(model: str, *, is_batch: bool = False) -> PriceCard:
    """The price card of `model` as of today, for live requests or for the lines of a batch.

    Raises:
        ModelNotPriced: The model is not in the catalog, or nobody knows its price.
    """
    return _card_on(model, datetime.now(UTC).date(), is_batch)


@lru_cache(maxsize=64)
def _card_on(model: str, day: date, is_batch: bool) -> PriceCard:
    if model not in CATALOG:
        raise ModelNotPriced(f"The model {model!r} is not in the model table.")
    try:
        _, info = get_snapshot().find_provider_model(model, None, "anthropic", None)
    except LookupError:
        raise ModelNotPriced(f"No price is known for the model {model!r}.") from None
    context = {"processing": "batch"} if is_batch else None
    prices = info.get_prices(datetime(day.year, day.month, day.day, tzinfo=UTC), context)
    amounts = [
        prices.input_mtok,
        prices.cache_write_mtok,
        prices.cache_write_1h_mtok,
        prices.cache_read_mtok,
        prices.output_mtok,
    ]
    if any(amount is None for amount in amounts):
        raise ModelNotPriced(f"A token class of the model {model!r} has no price.")
    starts = {tier.start for a in amounts if isinstance(a, TieredPrices) for tier in a.tiers}
    base = Rates(*(_amount(a, None) for a in amounts))
    if not starts:
        return PriceCard(model, base)
    (start,) = starts  # two bands would need a wider card: refuse to guess
    return PriceCard(model, base, Rates(*(_amount(a, start) for a in amounts)), start)


@lru_cache(maxsize=64)
def _stamp_json(card: PriceCard) -> str:
    """A card's stamp is the same for thousands of attempts."""
    return json.dumps(card.stamp())


def _amount(price: Decimal | TieredPrices | None, start: int | None) -> Decimal:
    if isinstance(price, TieredPrices):
        tiers = {tier.start: tier.price for tier in price.tiers}
        return tiers[start] if start is not None else price.base
    if price is None:
        raise ModelNotPriced("A token class has no price.")
    return price


def _as_strings(rates: Rates) -> dict[str, str]:
    return {name: str(getattr(rates, name)) for name in Rates.__slots__}
