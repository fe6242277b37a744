"""What one ticket costs with one model: the guide's share of its call, its own text, and its answer. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from triage.services.evaluation.planning.inputs import Inputs
from triage.services.gateway.catalog import CATALOG, name_of
from triage.services.gateway.pricing import PriceCard, card_of
from triage.types import NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK, Rates


@dataclass(frozen=True, slots=True)
class Priced:
    """A model with its rates; a guide shorter than `floor_tokens` is not cached."""

    name: str
    live: PriceCard
    batched: PriceCard
    floor_tokens: int


@dataclass(frozen=True, slots=True)
class Way:
    """How a model is asked."""

    is_batch: bool = False
    is_cached: bool = False
    tickets_a_call: float = 1


def priced(model: str) -> Priced:
    """At today's prices. Raises ModelNotPriced."""
    cards = card_of(model), card_of(model, is_batch=True)
    return Priced(name_of(model), *cards, CATALOG[model].cache_floor_tokens)


def unit_nanousd(model: Priced, inputs: Inputs, way: Way) -> float:
    """What one ticket costs: batch · [p_in · (m·G + Q + k·(T + i)) + p_out · k·(O + i)] ÷ k, with i only where k > 1."""
    k = way.tickets_a_call
    ids = inputs.id_tokens if k > 1 else 0.0
    own = inputs.question_tokens + k * (inputs.ticket_tokens + ids)
    rates = _rates(model, way, input_tokens=inputs.guide_tokens + own)
    usd_per_million = (
        inputs.guide_tokens * guide_usd_per_mtok(model, inputs, way, rates)
        + own * float(rates.uncached_input)
        + k * (inputs.output_tokens + ids) * float(rates.output)
    )
    return NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK * usd_per_million / k


def guide_usd_per_mtok(model: Priced, inputs: Inputs, way: Way, rates: Rates) -> float:
    """What the guide's tokens cost on average; without the cache where that is as cheap, or the guide too short for it."""
    plain = float(rates.uncached_input)
    if not way.is_cached or inputs.guide_tokens < model.floor_tokens:
        return plain
    hits = hits_of(inputs, way)
    write = float(_write(rates, inputs, way))
    return min(plain, hits * float(rates.cache_read) + (1 - hits) * write)


def break_even(model: Priced, inputs: Inputs, way: Way) -> float:
    """The share of hits above which the cache pays: (w − 1) ÷ (w − r)."""
    rates = _rates(model, way, input_tokens=inputs.guide_tokens)
    write = _write(rates, inputs, way)
    return float((write - rates.uncached_input) / (write - rates.cache_read))


def hits_of(inputs: Inputs, way: Way) -> float:
    return inputs.batch_hits if way.is_batch else inputs.live_hits


def _rates(model: Priced, way: Way, *, input_tokens: float) -> Rates:
    card = model.batched if way.is_batch else model.live
    return card.rates_for(ceil(input_tokens))


def _write(rates: Rates, inputs: Inputs, way: Way) -> Decimal:
    is_hour = way.is_batch and inputs.batch_cache_minutes > 5
    return rates.cache_write_1h if is_hour else rates.cache_write_5m
