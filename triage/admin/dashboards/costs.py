"""What Claude cost, and why: against the budget, by day with what changed meanwhile, and by whatever it was for."""

from typing import Any

from django.utils import timezone

from triage.admin.chart import stacked
from triage.admin.dashboards.base import Dashboard
from triage.admin.formats import count, dollars
from triage.admin.tiles import of_month, spend, tiles
from triage.models import Certainty
from triage.selectors.reports.changes import changes
from triage.selectors.reports.costs_cells import daily
from triage.selectors.reports.headline import Unsure, headline, month
from triage.selectors.tables import Asked

UNSURE_TEXTS = {
    Certainty.UNKNOWN: "Of which unknown, upper bound",
    Certainty.LOWER_BOUND: "Of which at least this, lower bound",
    Certainty.OPEN: "Of which still in progress, upper bound",
}


class CostsPage(Dashboard):
    title = "Costs"
    template_name = "admin/dashboards/costs.html"
    tables = (
        "costs-by-model",
        "costs-by-day",
        "savings",
        "costs-by-team",
        "costs-by-user",
        "costs-by-ticket",
    )

    def figures(self, asked: Asked) -> dict[str, Any]:
        figures = headline(asked)
        of_all = of_month(month(timezone.now()))
        return {
            "headline": figures,
            "tiles": [of_all] if figures.is_empty else [of_all, spend(figures), *tiles(figures)],
            "unsure": [unsure_line(kind) for kind in figures.unsure or ()],
            "chart": stacked(daily(asked), changes(asked)),
        }


def unsure_line(kind: Unsure) -> str:
    """Such as "Of which unknown, upper bound: $0.0312 (3 attempts)"."""
    noun = "attempt" if kind.attempts == 1 else "attempts"
    text = UNSURE_TEXTS[kind.certainty]
    return f"{text}: {dollars(kind.cost_nanousd)} ({count(kind.attempts)} {noun})"
