"""What a variant in the wrong place would cost, in words: by the guide as it is now, the routes' models and their prices."""

from triage.admin.formats import count, dollars
from triage.exceptions import NoTaxonomy
from triage.models import Feature
from triage.services import taxonomy
from triage.services.classification.prompt import GUIDE, system_prompt
from triage.services.gateway.catalog import name_of
from triage.services.gateway.pricing import card_of
from triage.services.gateway.routes import route_of
from triage.types import Rates, Usage

CHARACTERS_PER_TOKEN = (
    4 / 1.3
)  # English; the 5.5 models' tokenizer makes 30 % more than earlier ones
CACHE_MINUTES = 5
WRITES_A_DAY = 24 * 60 // CACHE_MINUTES
TICKETS = 1_000


def guide_in_words() -> str:
    """Such as "about 1,930 tokens written to the cache at 1.25 × the input price, $0.0002 with Haiku 5.5 and …"."""
    usage = Usage(cache_write_5m_tokens=_tokens(_guide()))
    costs = {model: _rates(model).cost_nanousd(usage) for model in _models()}
    prices = " and ".join(f"{dollars(cost)} with {name_of(m)}" for m, cost in costs.items())
    rates = _rates(_models()[0])
    factor = f"{rates.cache_write_5m / rates.uncached_input:.2f}"
    return (
        f"about {count(usage.cache_write_5m_tokens)} tokens written to the cache at {factor} × the input price, {prices},"
        f" per {CACHE_MINUTES} minutes and variant: up to {dollars(sum(costs.values()) * WRITES_A_DAY)} a day for each"
    )


def repeated_in_words(text: str) -> str:
    """Such as "about 1,014 tokens, $0.1014 per 1,000 tickets with Haiku 5.5"."""
    model, tokens = _models()[0], _tokens(text)
    cost = _rates(model).cost_nanousd(Usage(uncached_input_tokens=tokens * TICKETS))
    return f"about {count(tokens)} tokens, {dollars(cost)} per {count(TICKETS)} tickets with {name_of(model)}"


def rate_in_words() -> str:
    """Such as "Sonnet 5.5, whose input costs 20 times Haiku 5.5's"."""
    first, strong = _models()
    times = _rates(strong).uncached_input / _rates(first).uncached_input
    return f"{name_of(strong)}, whose input costs {times:,.0f} times {name_of(first)}'s"


def _models() -> tuple[str, str]:
    """The first and the strong model."""
    return route_of(Feature.CLASSIFY).model_asked, route_of(Feature.ESCALATE).model_asked


def _rates(model: str) -> Rates:
    return card_of(model).base


def _guide() -> str:
    """The system prompt; without published labels what it begins with."""
    try:
        return system_prompt(taxonomy.current())
    except NoTaxonomy:
        return GUIDE


def _tokens(text: str) -> int:
    return round(len(text) / CHARACTERS_PER_TOKEN)
