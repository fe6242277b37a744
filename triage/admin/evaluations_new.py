"""A new evaluation: which tickets, which configurations, and what that would cost. Asking for a quote costs nothing."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from triage.admin.evaluation_forms import EvaluationForm
from triage.admin.evaluations_words import settings_of
from triage.admin.formats import count
from triage.admin.pages import AdminPage
from triage.admin.people_actions import acting
from triage.exceptions import InvalidInput, ModelNotPriced, NoTaxonomy
from triage.models import Evaluation, EvaluationSource
from triage.services.evaluation import running, sampling
from triage.services.evaluation.configurations import in_force, to_json


class EvaluationNew(AdminPage):
    title = "New evaluation"
    template_name = "admin/evaluations/new.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A quote, if it can be given; else the form again with what is wrong with it."""
        form = EvaluationForm(request.POST, request.FILES)
        try:
            evaluation = _propose(request, form) if form.is_valid() else None
        except InvalidInput as error:
            form.refuse(error)
            evaluation = None
        except NoTaxonomy as error:
            messages.error(request, str(error))
            return redirect("admin:evaluation-new")
        except ModelNotPriced as error:
            form.add_error(None, str(error))
            evaluation = None
        if evaluation is None:
            return self.render_to_response(self.get_context_data(form=form))
        return redirect("admin:evaluation", evaluation.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", EvaluationForm())
        return super().get_context_data(
            **kwargs,
            settings=_in_force(),
            counts=_counts(),
            is_simulated=settings.TRIAGE_SIMULATOR,
        )


def _propose(request: HttpRequest, form: EvaluationForm) -> Evaluation:
    return running.propose(
        _source(form),
        configurations=form.configurations,
        by=acting(request),
        name=form.cleaned_data["name"],
        is_batch=form.is_batch,
        budget_nanousd=form.budget_nanousd,
    )


def _source(form: EvaluationForm) -> sampling.Source:
    limit = form.cleaned_data["limit"]
    match form.cleaned_data["source"]:
        case EvaluationSource.FILE:
            file = form.cleaned_data["file"]
            return sampling.FileSource(file.read(), file.name, limit)
        case EvaluationSource.CORRECTED:
            return sampling.CorrectedSource(limit)
        case _:
            return sampling.ConfirmedSource(limit)


def _in_force() -> Any:
    """What decides now, in words; None before the first taxonomy."""
    try:
        return settings_of([to_json(in_force())])
    except NoTaxonomy:
        return None


def _counts() -> dict[str, str]:
    """How many tickets of the help desk there are to evaluate with."""
    return {
        "confirmed": count(sampling.count_confirmed()),
        "corrected": count(sampling.count_corrected()),
    }
