"""What runs by itself, and on what proof: the local model, the calibrators, the audits, and their switches."""

from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from triage.admin import automation_watch
from triage.admin import automation_words as words
from triage.admin.pages import AdminPage
from triage.models import (
    Automation,
    Calibrator,
    Evaluation,
    EvaluationState,
    LocalModel,
    LocalModelState,
    Stage,
)
from triage.services.evaluation import automation, calibrators, packing
from triage.services.evaluation.learning import auditing, releasing
from triage.services.evaluation.learning.examples import LEAST_TICKETS

SHOWN = 10
STAGES = ((Stage.FIRST, Stage.FIRST.label), (Stage.STRONG, Stage.STRONG.label))


class AutomationPage(AdminPage):
    """Some twenty queries, all of few rows."""

    title = "Automation"
    template_name = "admin/automation/page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = automation.current()
        champion = automation.champion()
        former = releasing.find_former()
        return super().get_context_data(
            **kwargs,
            row=row,
            packing_unused=packing.why_unused(),
            target_percent=100 * row.target,
            d_percent=100 * row.d,
            exploration_percent=100 * row.exploration_share,
            tiles=words.by_stage(),
            **automation_watch.context(row, champion),
            waiting=auditing.count_waiting(),
            a_week=auditing.a_week(row),
            champion=words.model(champion) if champion else None,
            candidates=[words.model(each) for each in _candidates()],
            former=former,
            least_tickets=LEAST_TICKETS,
            calibrators=[words.calibrator(each) for each in _calibrators()],
            in_use=[(each, name) for stage, name in STAGES if (each := calibrators.active(stage))],
            fit_stages=STAGES,
            evaluations=_evaluations(),
            history=list(_history()),
            is_simulated=settings.TRIAGE_SIMULATOR,
        )


def _candidates() -> QuerySet[LocalModel]:
    rows = LocalModel.objects.filter(state=LocalModelState.CANDIDATE).defer("content")
    return rows.select_related("by")[:SHOWN]


def _calibrators() -> QuerySet[Calibrator]:
    return Calibrator.objects.select_related("by", "evaluation").order_by(
        "-is_active", "-created_at"
    )[:SHOWN]


def _evaluations() -> list[tuple[int, str]]:
    done = Evaluation.objects.filter(state=EvaluationState.DONE).order_by("-finished_at")
    return [(pk, f"{pk}: {name}") for pk, name in done.values_list("pk", "name")[:SHOWN]]


def _history() -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(Automation)
    entries = LogEntry.objects.filter(content_type=kind).select_related("user")
    return entries.order_by("-action_time")[:SHOWN]
