"""Does Claude answer? What is wrong now, the models, what waits, errors, ways replies were come by, streams, limits."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from triage.admin.dashboards.base import Dashboard
from triage.admin.dashboards.cells import shown
from triage.admin.dashboards.health_chart import by_hour
from triage.admin.dashboards.health_models import models_now
from triage.admin.dashboards.health_verdict import problems
from triage.admin.formats import count, dollars, share
from triage.admin.tiles import Tile
from triage.selectors import rollups
from triage.selectors.reports import REPORTS, wrong
from triage.selectors.tables import Asked, Filter, Table
from triage.services import health

PART = "part"
SYSTEM = "system"
NOW = ("health-hours", "health-queue", "health-unsure")


class HealthPage(Dashboard):
    """`?part=system` is the one part that has to ask others and wait; the page fetches it when it is there."""

    title = "Health"
    template_name = "admin/dashboards/health.html"
    filters = frozenset({Filter.FEATURE, Filter.MODEL})
    tables = (
        "health-models",
        "health-errors",
        "health-obtained",
        "health-unanswered",
        "health-stop-reasons",
        "health-streams",
        "health-reconciliation",
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get(PART) == SYSTEM:
            return render(request, "admin/dashboards/health_system.html", health.report())
        return super().get(request, *args, **kwargs)

    def figures(self, asked: Asked) -> dict[str, Any]:
        hours, queue, unsure = now = [REPORTS[name].build(asked) for name in NOW]
        models = models_now()
        return {
            "problems": problems(
                alerts=wrong.open_alerts(),
                models=models,
                waits=queue.rows,
                hours=hours.rows,
                are_figures_old=rollups.is_old(rollups.refreshed_at()),
            ),
            "tiles": tiles(*now),
            "models": models,
            "chart": by_hour(hours.rows),
            "hours": shown(REPORTS["health-hours"], hours),
            "queue": shown(REPORTS["health-queue"], queue),
            "unsure": shown(REPORTS["health-unsure"], unsure),
            "system_address": f"{reverse('admin:health')}?{PART}={SYSTEM}",
        }


def tiles(hours: Table, queue: Table, unsure: Table) -> list[Tile]:
    """Requests and failures of the last 24 hours, what waits, and what is not known of the bill."""
    attempts, failed = sum(row[1] for row in hours.rows), sum(row[2] for row in hours.rows)
    waiting = sum(row[2] for row in queue.rows)
    _, _, number, low, high, _ = unsure.total or ("", "", 0, 0, 0, None)
    between = f"between {dollars(low)} and {dollars(high)}" if number else "every cost is known"
    failures = f"{count(failed)} of these requests"
    return [
        Tile("Requests, last 24 hours", count(attempts), "sent to Claude"),
        Tile("Failed, last 24 hours", share(failed, attempts), failures, "#hours", "When"),
        Tile("Waiting now", count(waiting), "triage and drafts not done", "#queue", "Which"),
        Tile("Requests of unsure cost", count(number), between, "#unsure", "Which"),
    ]
