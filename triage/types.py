"""Value objects that travel between the layers. Nothing here touches the database."""

from dataclasses import dataclass
from decimal import Decimal

NANOUSD_PER_USD = 1_000_000_000


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
