"""What may be spent, what is, how often each user may call, who was refused, and where each of it is changed."""

from typing import Any

from django.conf import settings

from triage.admin.dashboards.base import Dashboard
from triage.admin.dashboards.cells import shown
from triage.admin.dashboards.quotas_rows import (
    budget_rows,
    named,
    rate_rows,
    shed_rows,
    without_share,
)
from triage.admin.formats import count, dollars
from triage.admin.tiles import Tile
from triage.models import Feature
from triage.selectors.reports import REPORTS
from triage.selectors.reports.quotas_refused import ROWS_AT_MOST
from triage.selectors.tables import Asked, Filter, Table
from triage.services.gateway import fleet
from triage.services.gateway.routes import route_of

NEAR_SHARE = 0.8


class QuotasPage(Dashboard):
    """The days of the address choose whom it shows as refused; budgets, holds and rates are as they stand now."""

    title = "Quotas and budgets"
    template_name = "admin/dashboards/quotas.html"
    filters = frozenset({Filter.FEATURE, Filter.MODEL})
    tables = ("quotas-refused",)

    def figures(self, asked: Asked) -> dict[str, Any]:
        names = ("quotas-budgets", "quotas-holds", "quotas-rates", "quotas-refusals")
        built = {name: REPORTS[name].build(asked) for name in names}
        budgets, holds, rates, refusals = built.values()
        drawn = {name.replace("-", "_"): shown(REPORTS[name], built[name]) for name in names}
        drawn["quotas_budgets"] = without_share(budgets, drawn["quotas_budgets"])
        is_known = fleet.look(route_of(Feature.CLASSIFY).model_asked).is_known
        return {
            **drawn,
            "tiles": tiles(budgets, holds, refusals),
            "budget_rows": list(budget_rows(budgets, drawn["quotas_budgets"])),
            "rate_rows": list(rate_rows(rates, drawn["quotas_rates"], is_known=is_known)),
            "shed_rows": list(shed_rows(budgets)),
            "are_rates_known": is_known,
            "installation_rate": settings.TRIAGE_RATE_PER_MINUTE,
        }


def tiles(budgets: Table, holds: Table, refusals: Table) -> list[Tile]:
    """How many budgets there are and are nearly used, what is held, and how many calls were refused."""
    limited = [row for row in named(budgets) if row["left"] is not None]
    near = sum(row["used"] is None or row["used"] >= NEAR_SHARE for row in limited)
    held = sum(row["held"] for row in named(holds))
    number = len(holds.rows)
    holders = f"by {count(number)} {'request' if number == 1 else 'requests'}"
    more = ", and there may be more" if number == ROWS_AT_MOST else ""
    refused = refusals.total[3] if refusals.total else 0
    return [
        Tile("Budgets", count(len(limited)), "limits that are set"),
        Tile("Nearly used up", count(near), "budgets of which 80 % or more are used"),
        Tile("Held now", dollars(held), holders + more, "#holds", "Which"),
        Tile("Refused", count(refused), "calls in the days chosen", "#refusals", "Which"),
    ]
