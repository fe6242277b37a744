"""What the answers would cost by a model's rates, one call a ticket.

A call reads the guide from the cache (but for the calls that find it gone and write it anew), the ticket uncached, a token for
each 4 characters, and answers with a label and its reason. The shares of hits are assumptions, stated with every table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from triage.services.local.vectors import Floats
from triage.types import Rates, Usage

GUIDE_TOKENS = 1_500
OUTPUT_TOKENS = 45
CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Prices:
    """Rates of the models that stand in for the recorded ones; `batched` are the strong one's in a batch."""

    cheap: Rates
    strong: Rates
    batched: Rates


@dataclass(frozen=True, slots=True)
class Way:
    """How calls are made: their share that finds the guide in the cache, and for how long the others write it."""

    hits: float
    writes: str


LIVE = Way(hits=0.995, writes="cache_write_5m_tokens")
BATCHED = Way(hits=0.9, writes="cache_write_1h_tokens")


def unit_costs(texts: Sequence[str], *, rates: Rates, way: Way = LIVE) -> Floats:
    """The cost of each ticket's call in nano-dollars."""
    read = rates.cost_nanousd(Usage(cache_read_tokens=GUIDE_TOKENS, output_tokens=OUTPUT_TOKENS))
    write = rates.cost_nanousd(Usage(output_tokens=OUTPUT_TOKENS, **{way.writes: GUIDE_TOKENS}))
    guide = way.hits * read + (1 - way.hits) * write
    return np.array([guide + rates.cost_nanousd(_ticket(text)) for text in texts])


def _ticket(text: str) -> Usage:
    return Usage(uncached_input_tokens=ceil(len(text) / CHARACTERS_A_TOKEN))
