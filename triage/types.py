"""Value objects that travel between the layers. Nothing here touches the database."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

NANOUSD_PER_USD = 1_000_000_000
NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK = 1_000


def usd(nanousd: int) -> Decimal:
    """US dollars, exact, of whole nano-dollars."""
    return Decimal(nanousd) / NANOUSD_PER_USD


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one attempt by the classes that are priced apart; they add up, none contains another."""

    uncached_input_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0

    @property
    def input_tokens(self) -> int:
        """Everything that went in, cached or not: what a price band looks at."""
        return (
            self.uncached_input_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
            + self.cache_read_tokens
        )


TOKEN_FIELDS: tuple[str, ...] = Usage.__slots__  # the ledger's columns have the same names


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens, by token class."""

    uncached_input: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal
    output: Decimal

    def cost_nanousd(self, usage: Usage) -> int:
        exact = NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK * (
            usage.uncached_input_tokens * self.uncached_input
            + usage.cache_write_5m_tokens * self.cache_write_5m
            + usage.cache_write_1h_tokens * self.cache_write_1h
            + usage.cache_read_tokens * self.cache_read
            + usage.output_tokens * self.output
        )
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
