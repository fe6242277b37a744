"""What tokens cost by their class, as it is stamped on the newest attempt of each feature and model.

So a batch's prices are found where a feature asks in batches, and nothing has to be known of price lists here. Two queries:
the rollups know to the microsecond when the newest attempt was, and an index leads to it.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Max

from triage.models import Attempt, Grain, Subject, Tally
from triage.selectors.periods import Period
from triage.types import NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK, Rates


def nanousd(tokens: int, usd_per_mtok: Decimal) -> int:
    """What `tokens` cost, half-even."""
    return round(NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK * tokens * usd_per_mtok)


def stamped(period: Period) -> Mapping[tuple[str, str], Rates]:
    """The rates of prompts below the price band, by feature and model.

    Those are left out whose attempts are pruned or were stamped otherwise.
    """
    newest = (
        Tally.objects.filter(
            grain=Grain.DAY,
            subject=Subject.CERTAINTY,
            starts_at__gte=period.starts_at,
            starts_at__lt=period.ends_before,
        )
        .values_list("feature", "model")
        .annotate(last_at=Max("last_at"))
    )
    times = {last_at for _, _, last_at in newest}
    attempts = Attempt.objects.filter(opened_at__in=times) if times else Attempt.objects.none()
    stamps = attempts.values_list("call__feature", "model", "price")
    found = {(feature, model): _read(stamp) for feature, model, stamp in stamps}
    return {key: rates for key, rates in found.items() if rates}


def _read(stamp: Mapping[str, Any]) -> Rates | None:
    """None where a class is missing, or where reading is not the cheapest way in: nothing can be said of such a cache."""
    try:
        rates = Rates(*(Decimal(stamp[name]) for name in Rates.__slots__))
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None
    dearer = (rates.uncached_input, rates.cache_write_5m, rates.cache_write_1h)
    return rates if rates.cache_read < min(dearer) else None
