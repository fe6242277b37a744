"""What a request costs, from a price table of the simulator's own.

Whole nano-dollars per token: one dollar per million tokens is 1,000. The figures are those of
the public price page as of 2026-11-21. No price library is used, so that a ledger compared with
the bill is compared with an independent sum.
"""

from dataclasses import dataclass, field
from fractions import Fraction

CLASSES = ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars per token of each class."""

    input: int
    output: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """The price of a model, and the dearer one for the whole of a long request.

    `band_tokens` counts uncached, written and read input together.
    """

    price: Price
    band_tokens: int | None = None
    beyond_band: Price | None = None

    def price_of(self, input_tokens: int) -> Price:
        """The price that holds for a request of `input_tokens` in total."""
        if self.beyond_band is None or self.band_tokens is None:
            return self.price
        return self.beyond_band if input_tokens > self.band_tokens else self.price


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one request by billing class; `input` is uncached input alone."""

    input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0

    @property
    def total_input(self) -> int:
        """Everything the model read, cached or not."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


NOTHING = Tokens()


@dataclass(slots=True)
class TokenSum:
    """Tokens of many requests, added up in place."""

    by_class: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))

    def add(self, tokens: Tokens) -> None:
        """Count one request."""
        for name in CLASSES:
            self.by_class[name] += getattr(tokens, name)


def cost_nanousd(tokens: Tokens, tariff: Tariff, *, batch: bool = False) -> int:
    """Whole nano-dollars for `tokens`; a batch pays half, rounded once, half to even."""
    price = tariff.price_of(tokens.total_input)
    total = sum(getattr(tokens, name) * getattr(price, name) for name in CLASSES)
    return round(Fraction(total, 2)) if batch else int(total)


HAIKU_5_5 = Tariff(
    Price(input=100, output=500, cache_write_5m=125, cache_write_1h=200, cache_read=10),
    band_tokens=100_000,
    beyond_band=Price(
        input=500, output=2_500, cache_write_5m=625, cache_write_1h=1_000, cache_read=50
    ),
)
HAIKU_4_5 = Tariff(Price(1_000, 5_000, 1_250, 2_000, 100))
SONNET_5_5 = Tariff(Price(2_000, 10_000, 2_500, 4_000, 100))  # reads at 0.05x since 2026-10-07
SONNET_5 = Tariff(Price(2_000, 10_000, 2_500, 4_000, 200))
SONNET_4 = Tariff(Price(3_000, 15_000, 3_750, 6_000, 300))
OPUS_5_5 = Tariff(Price(4_000, 20_000, 5_000, 8_000, 200))
OPUS_5 = Tariff(Price(5_000, 25_000, 6_250, 10_000, 500))
# Only $8 and $40 are published for Fable 5.2; the cache classes use the general multipliers.
FABLE_5_2 = Tariff(Price(8_000, 40_000, 10_000, 16_000, 800))
