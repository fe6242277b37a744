"""Shares, money and times as an evaluation's results are told, on pages, in reports and in sentences alike."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from triage.types import usd

NOTHING = "—"
SIGNIFICANT_DIGITS = 3
CENTS = Decimal("0.01")
SMALLEST_P = 0.0001


def percent(value: float | None) -> str:
    """ "87.3 %"."""
    return NOTHING if value is None else f"{100 * value:.1f} %"


def bound(value: float) -> str:
    """A promise as it was made: "2 %", "0.5 %"."""
    return f"{100 * value:g} %"


def value_of(share: Mapping[str, Any]) -> float | None:
    """The share itself, of JSON with `part` and `whole`; None of nothing."""
    return share["part"] / share["whole"] if share["whole"] else None


def share(told: Mapping[str, Any]) -> str:
    """ "87.3 % (709 of 812)"."""
    if not told["whole"]:
        return NOTHING
    return f"{percent(value_of(told))} ({told['part']:,} of {told['whole']:,})"


def interval(told: Mapping[str, Any]) -> str:
    """ "84.8 to 89.5 %"."""
    if told["low"] is None:
        return NOTHING
    return f"{100 * told['low']:.1f} to {100 * told['high']:.1f} %"


def dollars(nanousd: float | None) -> str:
    """ "$12.40", "$0.000142": cents, or the first digits that say something."""
    if nanousd is None:
        return NOTHING
    exact = usd(round(nanousd))
    if not exact or abs(exact) >= 1:
        return _signed(exact, CENTS)
    decimals = min(SIGNIFICANT_DIGITS - 1 - exact.adjusted(), 9)
    return _signed(exact, Decimal(1).scaleb(-max(decimals, 2)))


def confidence(value: float | None) -> str:
    """ "0.91"; more decimals only where two would say 1."""
    if value is None:
        return NOTHING
    return f"{value:.2f}" if value < 0.995 or value == 1 else f"{value:.4f}"


def milliseconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f} ms"


def p_value(value: float) -> str:
    """ "p = 0.0006", "p < 0.0001"."""
    return f"p < {SMALLEST_P:.4f}" if value < SMALLEST_P else f"p = {value:.4f}"


def plural(number: int, one: str, many: str = "") -> str:
    """ "1 ticket", "1,204 tickets"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _signed(amount: Decimal, step: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount).quantize(step):,f}"
