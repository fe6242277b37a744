"""The admin's first page: this month in a few figures, what waits for an admin, and where everything is."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from triage.admin import first_steps
from triage.admin.pages import AdminPage
from triage.admin.tiles import of_month, tiles
from triage.selectors import alerts, labels
from triage.selectors.periods import this_month
from triage.selectors.reports.headline import headline, month
from triage.selectors.tables import Asked


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the overview, with what one goes there for."""

    name: str
    address: str
    purpose: str


class Home(AdminPage):
    template_name = "admin/home.html"
    title = "Overview"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        period = this_month(now.astimezone(UTC).date())
        return super().get_context_data(
            **kwargs,
            period=period,
            tiles=[of_month(month(now)), *tiles(headline(Asked(period)))],
            places=places(),
            changes=labels.changes(),
            open_alerts=alerts.count_open(),
            steps_left=first_steps.count_open(),
            is_simulated=settings.TRIAGE_SIMULATOR,
        )


def places() -> list[Place]:
    return [
        Place("Queue", reverse("queue"), "Where agents work the tickets."),
        _place(
            "Tickets", "triage_ticket_changelist", "Look any ticket up, and what triage made of it."
        ),
        _place("Calls", "triage_call_changelist", "Every request to Claude, attempt by attempt."),
        _place("Batches", "triage_batch_changelist", "Many requests at once, at half the price."),
        _place("Alerts", "triage_alert_changelist", "What is or was wrong, and since when."),
        _place("Budgets", "triage_budget_changelist", "What may be spent, and what is."),
        _place(
            "Shedding order", "triage_shedding_changelist", "Who stops first as money runs out."
        ),
        _place("Evaluations", "evaluations", "How good triage is on your own labelled tickets."),
        _place("Automation", "automation", "What runs by itself, and on what proof."),
        _place("Cost plan", "plan", "What ten million tickets would cost, way by way."),
        _place("Routes", "triage_featureroute_changelist", "Which models serve a feature."),
        _place(
            "Labels", "triage_label_changelist", "What tickets are sorted into; edit and publish."
        ),
        _place(
            "Taxonomy versions",
            "triage_taxonomyversion_changelist",
            "What was published, and when.",
        ),
        _place(
            "Articles", "triage_article_changelist", "Canned answers and help that drafts rest on."
        ),
        _place("Users", "accounts_user_changelist", "Who may log in, and as what."),
        _place("Teams", "accounts_team_changelist", "Whom labels route tickets to."),
        _place("Imports", "triage_import_changelist", "Files that became tickets."),
    ]


def _place(name: str, page: str, purpose: str) -> Place:
    return Place(name, reverse(f"admin:{page}"), purpose)
