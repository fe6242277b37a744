"""One evaluation's page, by its state: the quote, how far it is, why it ended, what it found."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from triage.admin.dashboards.quotas_rows import Bar
from triage.admin.evaluation_forms import BudgetForm
from triage.admin.evaluations_list import done
from triage.admin.evaluations_words import classes_of, quote_of, settings_of
from triage.admin.formats import count, dollars
from triage.admin.pages import AdminPage
from triage.models import Evaluation, EvaluationState
from triage.services.evaluation import ending, reading

PROGRESS = "admin/evaluations/progress.html"
TEMPLATES: Mapping[EvaluationState, str] = {
    EvaluationState.QUOTED: "admin/evaluations/quoted.html",
    EvaluationState.RUNNING: "admin/evaluations/running.html",
    EvaluationState.CANCELLED: "admin/evaluations/stopped.html",
    EvaluationState.FAILED: "admin/evaluations/stopped.html",
    EvaluationState.DONE: "admin/evaluations/done.html",
}


class EvaluationPage(AdminPage):
    template_name = "admin/evaluations/page.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """With `?part=progress` how far it is, and the whole page again as soon as it has ended."""
        if request.GET.get("part") != "progress":
            return super().get(request, *args, **kwargs)
        evaluation = get_evaluation(kwargs["pk"])
        if evaluation.state != EvaluationState.RUNNING:
            return HttpResponseClientRefresh()
        return render(request, PROGRESS, progress_of(evaluation))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        evaluation = get_evaluation(kwargs["pk"])
        state = EvaluationState(evaluation.state)
        context = super().get_context_data(
            **kwargs,
            evaluation=evaluation,
            body=TEMPLATES[state],
            state=state.label,
            settings=settings_of(evaluation.configurations),
            names=[each["name"] for each in evaluation.configurations],
            is_simulated=settings.TRIAGE_SIMULATOR,
            **_of_state(evaluation, state),
        )
        return context | {"title": evaluation.name}


def get_evaluation(pk: int) -> Evaluation:
    """
    Raises:
        Http404: There is none.
    """
    found = Evaluation.objects.select_related("by").filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such evaluation.")
    return found


def progress_of(evaluation: Evaluation) -> dict[str, Any]:
    """How far it is and what it has spent, with the bars of both."""
    progress, spent = reading.progress_of(evaluation), reading.spent_nanousd(evaluation)
    judged = progress.answered + progress.failed
    budget = max(evaluation.budget_nanousd, 1)
    return {
        "progress": progress,
        "waiting": max(progress.total - judged, 0),
        "answers": Bar(
            spent=judged,
            used=judged,
            limit=max(progress.total, 1),
            text=f"{count(judged)} of {count(progress.total)} answers",
            tone="",
        ),
        "money": Bar(
            spent=spent,
            used=spent,
            limit=budget,
            text=f"{dollars(spent)} of at most {dollars(evaluation.budget_nanousd)}",
            tone="warning" if spent > 0.9 * budget else "",
        ),
    }


def _of_state(evaluation: Evaluation, state: EvaluationState) -> dict[str, Any]:
    if state == EvaluationState.QUOTED:
        return {"quote": quote_of(evaluation), "classes": classes_of(evaluation)}
    if state == EvaluationState.DONE:
        others = [each for each in done() if each[0] != evaluation.pk]
        return {"results": evaluation.results, "others": others}
    if state == EvaluationState.RUNNING:
        return progress_of(evaluation)
    return {
        **progress_of(evaluation),
        "form": BudgetForm(evaluation=evaluation),
        "is_ending": ending.is_cancelled(evaluation),
    }
