"""The gate: which labels' answers may be applied without review, on what proof, and who let one through without."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from triage.admin.evaluation_forms import OverrideForm
from triage.admin.evaluation_gate_rows import state_of_gate
from triage.admin.pages import AdminPage
from triage.admin.people_actions import Question, acting, ask
from triage.exceptions import InvalidInput, NoTaxonomy
from triage.models import Evaluation, Label
from triage.services.evaluation import gate

PUBLISH = "It takes effect with the next published version of the labels."
NAMED = 10  # labels in a message; the page names them all


class GatePage(AdminPage):
    title = "What may be automatic"
    template_name = "admin/evaluations/gate.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **state_of_gate())


class GateAll(AdminPage):
    """All labels that a proof holds for, shown first, then switched on by POST: those that were shown and no others."""

    title = "Switch on all that are proven"
    template_name = "admin/evaluations/gate_all.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = state_of_gate()
        waiting = [each for each in state["rows"] if each.may_switch_on]
        return super().get_context_data(**kwargs, **state, waiting=waiting)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        pairs = [each.partition(":") for each in request.POST.getlist("label")]
        done = [
            label
            for label_id, _, evaluation_id in pairs
            if (label := _find_label(label_id)) and _switch_on(request, label, evaluation_id)
        ]
        if done:
            messages.success(request, f"Switched on: {_names(done)}. {PUBLISH}")
        else:
            messages.warning(request, "Nothing was switched on.")
        return _to_gate()


class GateOverride(AdminPage):
    """Switched on without proof, under the name of who does it."""

    title = "Override the gate"
    template_name = "admin/evaluations/gate_override.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        label = get_object_or_404(Label, pk=kwargs["pk"], is_active=True)
        kwargs.setdefault("form", OverrideForm())
        context = super().get_context_data(**kwargs, label=label)
        return context | {"title": f"Apply “{label}” without proof?"}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        label = get_object_or_404(Label, pk=kwargs["pk"], is_active=True)
        form = OverrideForm(request.POST)
        try:
            if form.is_valid():
                gate.override(label, reason=form.cleaned_data["reason"], by=acting(request))
        except InvalidInput as error:
            form.refuse(error)
        if form.errors:
            return self.render_to_response(self.get_context_data(**kwargs, form=form))
        _log(request, label, "Overrode the gate: applied without review, without proof.")
        messages.warning(request, f"“{label}” is on without proof, under your name. {PUBLISH}")
        return _to_gate()


@require_POST
def switch_on(request: HttpRequest, pk: int) -> HttpResponse:
    label = get_object_or_404(Label, pk=pk, is_active=True)
    if _switch_on(request, label, request.POST.get("evaluation", "")):
        messages.success(request, f"“{label}” is on. {PUBLISH}")
    return _to_gate()


def switch_off(request: HttpRequest, pk: int) -> HttpResponse:
    label = get_object_or_404(Label, pk=pk)
    if request.method != "POST":
        return ask(request, _before_switching_off(label))
    gate.switch_off(label, by=acting(request))
    _log(request, label, "Auto-apply switched off.")
    messages.success(request, f"“{label}” is off. {PUBLISH}")
    return _to_gate()


def escalate_always(request: HttpRequest, pk: int) -> HttpResponse:
    label = get_object_or_404(Label, pk=pk, is_active=True)
    if request.method != "POST":
        return ask(request, _before_escalating(label))
    try:
        gate.escalate_always(label, by=acting(request))
    except (InvalidInput, NoTaxonomy) as error:
        messages.error(request, f"“{label}” was not changed. {error}")
    else:
        _log(request, label, "Always escalated, as an evaluation proposed.")
        messages.success(request, f"“{label}” is always escalated. {PUBLISH}")
    return _to_gate()


def _switch_on(request: HttpRequest, label: Label, evaluation_id: str) -> bool:
    """Whether it was proven, and so is on; why not is said to the admin."""
    try:
        proof = gate.switch_on(label, evaluation=_evaluation(evaluation_id), by=acting(request))
    except (InvalidInput, NoTaxonomy) as error:
        messages.error(request, f"“{label}” was not switched on. {error}")
        return False
    _log(request, label, f"Auto-apply switched on. {proof.sentences}")
    return True


def _evaluation(pk: str) -> Evaluation:
    """
    Raises:
        Http404: There is none of that id.
    """
    if not _is_id(pk):
        raise Http404("There is no such evaluation.")
    return get_object_or_404(Evaluation, pk=int(pk))


def _find_label(pk: str) -> Label | None:
    return Label.objects.filter(pk=int(pk), is_active=True).first() if _is_id(pk) else None


def _names(labels: Sequence[Label]) -> str:
    names = ", ".join(label.name for label in labels[:NAMED])
    return f"{names} and {len(labels) - NAMED} more" if len(labels) > NAMED else names


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _log(request: HttpRequest, label: Label, words: str) -> None:
    LogEntry.objects.log_actions(acting(request).pk, [label], CHANGE, words, single_object=True)


def _to_gate() -> HttpResponse:
    return redirect("admin:gate")


def _before_switching_off(label: Label) -> Question:
    return Question(
        title=f"Switch off “{label}”?",
        text=(
            "People see every answer with this label again before it counts. A threshold that came with a proof goes back to the"
            f" general one. {PUBLISH}"
        ),
        button="Switch off",
        back=reverse("admin:gate"),
    )


def _before_escalating(label: Label) -> Question:
    return Question(
        title=f"Always escalate “{label}”?",
        text=(
            "The first model was wrong too often where it was sure of this label, so the strong model decides whenever it is in"
            " play. That costs more, and it is another cascade than the one that was evaluated: proofs of all labels end with the"
            f" next published version, and a new evaluation is due. {PUBLISH}"
        ),
        button="Always escalate",
        back=reverse("admin:gate"),
    )
