"""Form fields in dollars for columns in whole nano-dollars."""

from decimal import Decimal
from typing import Any

from django import forms

from triage.admin.look import NumberBox
from triage.types import NANOUSD_PER_USD, usd

MOST_USD = 1_000_000_000
DECIMALS = 9


class DollarField(forms.DecimalField):
    """Decimal dollars, exact to the nano-dollar, at least 0."""

    def __init__(self, **options: Any) -> None:
        widget = NumberBox(attrs={"step": "any", "inputmode": "decimal"})
        super().__init__(
            max_digits=19,
            decimal_places=DECIMALS,
            min_value=0,
            max_value=MOST_USD,
            widget=widget,
            **options,
        )


def as_dollars(nanousd: int | None) -> Decimal | None:
    """What a DollarField shows: without zeros that say nothing, but with cents."""
    if nanousd is None:
        return None
    exact = usd(nanousd).normalize()
    return exact if -int(exact.as_tuple().exponent) > 2 else exact.quantize(Decimal("0.01"))


def as_nanousd(dollars: Decimal | None) -> int | None:
    return None if dollars is None else int(dollars * NANOUSD_PER_USD)
