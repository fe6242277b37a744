"""Where the pages of evaluations and of the gate are, below the admin's address."""

from collections.abc import Callable, Mapping

from django.contrib import admin
from django.http import HttpResponseBase
from django.urls import URLPattern, path

from triage.admin import evaluation_gate as gate
from triage.admin import evaluations_actions as actions
from triage.admin.evaluations import EvaluationPage
from triage.admin.evaluations_compared import EvaluationsCompared
from triage.admin.evaluations_files import evaluation_file
from triage.admin.evaluations_list import EvaluationList
from triage.admin.evaluations_new import EvaluationNew
from triage.admin.evaluations_tickets import EvaluationTickets

PAGES: Mapping[str, tuple[str, Callable[..., HttpResponseBase]]] = {
    "evaluations": ("evaluations/", EvaluationList.as_view()),
    "evaluation-new": ("evaluations/new/", EvaluationNew.as_view()),
    "evaluations-compared": ("evaluations/compare/", EvaluationsCompared.as_view()),
    "evaluation": ("evaluations/<int:pk>/", EvaluationPage.as_view()),
    "evaluation-tickets": ("evaluations/<int:pk>/tickets/", EvaluationTickets.as_view()),
    "evaluation-file": ("evaluations/<int:pk>/file.<slug:kind>", evaluation_file),
    "evaluation-start": ("evaluations/<int:pk>/start/", actions.start),
    "evaluation-cancel": ("evaluations/<int:pk>/cancel/", actions.cancel),
    "evaluation-resume": ("evaluations/<int:pk>/resume/", actions.resume),
    "evaluation-discard": ("evaluations/<int:pk>/discard/", actions.discard),
    "gate": ("taxonomy/gate/", gate.GatePage.as_view()),
    "gate-all": ("taxonomy/gate/all/", gate.GateAll.as_view()),
    "gate-on": ("taxonomy/gate/<int:pk>/on/", gate.switch_on),
    "gate-off": ("taxonomy/gate/<int:pk>/off/", gate.switch_off),
    "gate-override": ("taxonomy/gate/<int:pk>/override/", gate.GateOverride.as_view()),
    "gate-escalate": ("taxonomy/gate/<int:pk>/escalate/", gate.escalate_always),
}


def addresses() -> list[URLPattern]:
    return [
        path(route, admin.site.admin_view(page), name=name) for name, (route, page) in PAGES.items()
    ]
