"""What every dashboard has: the filters in its address, how fresh its figures are, and tables that are files too."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import Team
from triage.admin.dashboards.asking import Question, read
from triage.admin.dashboards.cells import ShownTable, shown
from triage.admin.pages import AdminPage
from triage.models import Feature
from triage.models.rollups import NO_TEAM
from triage.selectors import rollups
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Asked, Filter
from triage.services.gateway.catalog import CATALOG


class Dashboard(AdminPage):
    """A page of figures. `tables` names the reports that it shows, in their order; `filters` those of its form.

    A subclass adds what its template draws beside them in `figures`.
    """

    tables: tuple[str, ...] = ()
    filters: frozenset[Filter] = frozenset(Filter)
    has_days = True

    @cached_property
    def question(self) -> Question:
        return read(self.request.GET, today=datetime.now(UTC).date())

    def figures(self, asked: Asked) -> dict[str, Any]:
        return {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.question.asked
        refreshed_at = rollups.refreshed_at()
        return super().get_context_data(
            **kwargs,
            asked=asked,
            question=self.question,
            choices=self._choices(),
            has_days=self.has_days,
            tables={name.replace("-", "_"): self._shown(name) for name in self.tables},
            refreshed_at=refreshed_at,
            is_old=rollups.is_old(refreshed_at),
            is_simulated=settings.TRIAGE_SIMULATOR,
            here=reverse(self.request.resolver_match.view_name),  # type: ignore[union-attr]
            **self.figures(asked),
        )

    def _shown(self, name: str) -> ShownTable:
        report = REPORTS[name]
        return shown(report, report.build(self.question.asked))

    def _choices(self) -> dict[str, list[tuple[str, str]]]:
        """The filters' choices, by the name in the address."""
        teams = [
            (str(pk), name) for pk, name in Team.objects.order_by("name").values_list("pk", "name")
        ]
        every = {
            Filter.FEATURE: [(feature.value, feature.label) for feature in Feature],
            Filter.MODEL: [(card.id, card.name) for card in CATALOG.values()],
            Filter.TEAM: [*teams, (str(NO_TEAM), "No team")],
        }
        return {name.value: found for name, found in every.items() if name in self.filters}
