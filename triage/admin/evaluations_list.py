"""All evaluations, the newest first, and two of them side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import F, QuerySet, Sum

from triage.admin.evaluations_words import accuracy_in_words
from triage.admin.formats import NOTHING, count, dollars
from triage.admin.pages import AdminPage
from triage.models import Evaluation, EvaluationState

PER_PAGE = 25
CHOICES = 100  # the newest


@dataclass(frozen=True, slots=True)
class Row:
    """An evaluation in the list; `accuracies` has one for each configuration if it is done, `is_simulated` says of whom."""

    evaluation: Evaluation
    tickets: str
    accuracies: tuple[str, ...]
    is_simulated: bool
    cost: str
    state: str


class EvaluationList(AdminPage):
    title = "Evaluations"
    template_name = "admin/evaluations/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(listed(), PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            page=page,
            rows=[_row(each) for each in page],
            choices=done() if page else [],
            is_simulated=settings.TRIAGE_SIMULATOR,
        )


def listed() -> QuerySet[Evaluation]:
    """Without the bulk of their results: their accuracies as `of_a` and `of_b`, their cost as `spent`."""
    spent = Sum("tickets__answers__cost_nanousd", default=0)
    return (
        Evaluation.objects.select_related("by")
        .defer("results", "findings")
        .annotate(
            of_a=F("results__configurations__0__accuracy"),
            of_b=F("results__configurations__1__accuracy"),
            simulated=F("results__is_simulated"),
            spent=spent,
        )
        .order_by("-created_at", "-pk")
    )


def done() -> list[tuple[int, str]]:
    """Those that can be compared, by id and in words."""
    rows = Evaluation.objects.filter(state=EvaluationState.DONE).values_list("pk", "name")
    return [(pk, f"{pk}: {name}") for pk, name in rows[:CHOICES]]


def _row(evaluation: Evaluation) -> Row:
    facts = vars(evaluation)
    return Row(
        evaluation=evaluation,
        tickets=count(evaluation.quote.get("tickets", 0)),
        accuracies=_accuracies(evaluation, facts["of_a"], facts["of_b"]) or (NOTHING,),
        is_simulated=bool(facts["simulated"]),
        cost=dollars(facts["spent"]),
        state=EvaluationState(evaluation.state).label,
    )


def _accuracies(evaluation: Evaluation, *known: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Each after the name of its configuration, where there are two; none before it is done."""
    if known[0] is None:
        return ()
    names = [each["name"] for each in evaluation.configurations]
    if len(names) == 1:
        return (accuracy_in_words(known[0]),)
    return tuple(
        f"{name}: {accuracy_in_words(each)}" for name, each in zip(names, known, strict=True)
    )
