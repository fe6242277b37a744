"""An outlook as JSON, for programs. Money in dollars, as text that loses nothing."""

from typing import Any

from triage.services.evaluation.planning.outlook import Outlook
from triage.services.evaluation.planning.plans import Row
from triage.services.evaluation.planning.words import ASSUMPTIONS, FORMULA, audits, remarks
from triage.types import usd

FORMAT = 1


def to_json(outlook: Outlook) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "is_simulated": outlook.is_simulated,
        "models": {
            "first": outlook.models.first.live.model,
            "strong": outlook.models.strong.live.model,
        },
        "prices": {
            "source": outlook.price_source,
            "date": outlook.priced_on.isoformat(),
            "first": outlook.models.first.live.stamp(),
            "first_batch": outlook.models.first.batched.stamp(),
            "strong": outlook.models.strong.live.stamp(),
            "strong_batch": outlook.models.strong.batched.stamp(),
        },
        "inputs": {
            name: {"value": figure.value, "origin": figure.origin, "words": figure.words}
            for name, figure in outlook.figures.items()
        },
        "formula": FORMULA,
        "assumptions": list(ASSUMPTIONS),
        "plans": [_plan(row) for row in outlook.rows],
        "audits": {"cost_usd": str(usd(outlook.audits.fixed_nanousd)), "words": audits(outlook)},
        "remarks": list(remarks(outlook)),
    }


def _plan(row: Row) -> dict[str, Any]:
    return {
        "name": row.plan.name,
        "cost_usd": str(usd(row.nanousd)),
        "of_naive": row.of_naive,
        "of_cached_and_batched": row.of_fair,
        "remarks": list(row.remarks),
    }
