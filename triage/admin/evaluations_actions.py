"""What is done to an evaluation: started, cancelled, gone on with, thrown away. By POST alone, asked first where it hurts."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from triage.admin.evaluation_forms import BudgetForm
from triage.admin.evaluations import get_evaluation
from triage.admin.formats import dollars
from triage.admin.people_actions import Question, acting, ask
from triage.exceptions import InvalidInput, TriageError
from triage.models import Evaluation
from triage.services.evaluation import discarding, running


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    evaluation = get_evaluation(pk)
    return _done(
        request,
        evaluation,
        lambda: running.start(pk, by=acting(request)),
        f"It runs, and costs at most {dollars(evaluation.budget_nanousd)}. You may leave this page.",
    )


def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    evaluation = get_evaluation(pk)
    if request.method != "POST":
        return ask(request, _before_cancelling(evaluation))
    return _done(
        request,
        evaluation,
        lambda: running.cancel(pk, by=acting(request)),
        "It is cancelled, and its batches end. What was answered is kept.",
    )


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Goes on with what is missing; with more money, where the form says so."""
    evaluation = get_evaluation(pk)
    form = BudgetForm(request.POST, evaluation=evaluation)
    if not form.is_valid():
        messages.error(request, f"It does not run. Budget: {form.errors['budget_usd'][0]}")
        return _back(evaluation)
    return _done(
        request,
        evaluation,
        lambda: running.resume(pk, by=acting(request), budget_nanousd=form.budget_nanousd),
        "It goes on with what is missing.",
    )


def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Only a quote goes: what was asked and paid for is kept."""
    evaluation = get_evaluation(pk)
    if request.method != "POST":
        return ask(request, _before_discarding(evaluation))
    try:
        discarding.discard(pk, by=acting(request))
    except TriageError as error:
        messages.error(request, f"Nothing was discarded. {error}")
        return _back(evaluation)
    messages.success(request, f"The quote “{evaluation}” is discarded.")
    return redirect("admin:evaluations")


def _done(
    request: HttpRequest, evaluation: Evaluation, action: Callable[[], object], words: str
) -> HttpResponse:
    try:
        action()
    except TriageError as error:
        messages.error(request, f"Nothing was changed. {_words(error)}")
    else:
        messages.success(request, words)
    return _back(evaluation)


def _words(error: TriageError) -> str:
    if not isinstance(error, InvalidInput):
        return str(error)
    return f"{error.field.removesuffix('_usd').capitalize()}: {error.message}."


def _back(evaluation: Evaluation) -> HttpResponse:
    return redirect("admin:evaluation", evaluation.pk)


def _before_cancelling(evaluation: Evaluation) -> Question:
    return Question(
        title=f"Cancel “{evaluation}”?",
        text=(
            "Nothing more is asked. What was answered stays. Its batches are cancelled at the provider: what they answer till"
            " they end there is kept and paid, and the rest costs nothing. You can go on later, and pay only for what is missing."
            " A figure comes out only once all tickets are answered."
        ),
        button="Cancel the evaluation",
        back=_page(evaluation),
    )


def _before_discarding(evaluation: Evaluation) -> Question:
    return Question(
        title=f"Discard the quote “{evaluation}”?",
        text="Nothing was asked, so nothing is lost but the copies of its tickets. A new quote costs nothing.",
        button="Discard",
        back=_page(evaluation),
    )


def _page(evaluation: Evaluation) -> str:
    return reverse("admin:evaluation", args=[evaluation.pk])
