"""How the variants of an experiment compare: of the running one, the newest one, or the one that the address names."""

from datetime import UTC
from functools import cached_property
from typing import Any

from triage.admin.dashboards.asking import Question
from triage.admin.dashboards.base import Dashboard
from triage.admin.dashboards.cells import shown
from triage.models import Experiment
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.reports.experiments import begun, results_of
from triage.selectors.tables import Asked, Table

CHOICES = 100  # the newest


class ExperimentResults(Dashboard):
    title = "Experiments"
    template_name = "admin/dashboards/experiments.html"
    filters = frozenset()
    has_days = False

    @cached_property
    def experiments(self) -> list[Experiment]:
        return list(begun()[:CHOICES])

    @cached_property
    def experiment(self) -> Experiment | None:
        """The one that is shown."""
        return self._named or next(iter(self.experiments), None)

    @cached_property
    def question(self) -> Question:
        """The file of the table is asked for by the day on which the experiment began."""
        experiment, name = self.experiment, self.request.GET.get("experiment", "")
        is_known = not name or self._named is not None
        problems = () if is_known else (f"No experiment “{name[:40]}” has begun.",)
        if experiment is None or experiment.started_at is None:
            return Question(super().question.asked, problems)
        day = experiment.started_at.astimezone(UTC).date()
        return Question(Asked(Period(day, day)), problems)

    @property
    def _named(self) -> Experiment | None:
        name = self.request.GET.get("experiment", "")
        return next((each for each in self.experiments if str(each.pk) == name), None)

    def figures(self, asked: Asked) -> dict[str, Any]:
        experiment = self.experiment
        table = results_of(experiment) if experiment else None
        return {
            "experiments": self.experiments,
            "experiment": experiment,
            "results": shown(REPORTS["experiment-results"], table) if table else None,
            "verdicts": verdicts(table) if table else {},
        }


def verdicts(table: Table) -> dict[str, str]:
    """What the results say of each variant: too many words for a column that everybody sees."""
    names = [column.name for column in table.columns]
    variant, verdict = names.index("variant"), names.index("verdict")
    return {row[variant]: row[verdict] for row in table.rows}
