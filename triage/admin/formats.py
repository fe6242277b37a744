"""Money, counts, shares and times as the admin pages write them."""

from decimal import Decimal

from triage.types import usd

CENT_NANOUSD = 10_000_000
DOLLAR_NANOUSD = 1_000_000_000
SIGNIFICANT_DIGITS = 4
NOTHING = "—"


def dollars(nanousd: int) -> str:
    """`$1,234.57`, `$0.0142`, `$0.0001423`: as many decimals as the first digits that say something need."""
    if nanousd == 0:
        return "$0.00"
    exact = usd(nanousd)
    if nanousd >= DOLLAR_NANOUSD:
        return f"${exact:,.2f}"
    if nanousd >= CENT_NANOUSD:
        return f"${exact:.4f}"
    decimals = SIGNIFICANT_DIGITS - 1 - exact.adjusted()
    rounded = exact.quantize(Decimal(1).scaleb(-min(decimals, 9)))
    return f"${rounded:f}".rstrip("0")


def count(number: int) -> str:
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """A percentage; a dash where there is nothing to take a share of."""
    return f"{100 * part / whole:.1f} %" if whole else NOTHING


def each(nanousd: int, number: int) -> str:
    """Dollars per one of `number`; a dash where there is none."""
    return dollars(round(Decimal(nanousd) / number)) if number else NOTHING


def milliseconds(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,} ms"
