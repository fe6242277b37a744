"""Audits: an automatic answer judged blind. What was answered is told only once somebody has said what is right."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from triage.exceptions import Conflict, InvalidInput
from triage.models import Audit, Label, Stage
from triage.services.evaluation.learning import auditing
from triage.services.evaluation.learning.auditing import Judged
from triage.web.access import WorkspaceView, agent, number_in, posted

PAGE = "workspace/audits.html"


class AuditNext(WorkspaceView):
    """The audit that has waited longest, and the judgement on it. Nobody chooses which one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _show(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        audit_id = number_in(posted(request, "audit"))
        if audit_id is None:
            return _show(request, problem="This form is not whole. Please judge again.")
        try:
            judged = auditing.judge(audit_id, truth=posted(request, "label"), by=agent(request))
        except InvalidInput:
            return _show(request, problem="Choose the label that is right.")
        except (Audit.DoesNotExist, Conflict):
            messages.info(
                request, "Somebody else was faster, or the ticket is gone. Here is the next one."
            )
            return redirect("audits")
        messages.success(request, _told(judged))
        return redirect("audits")


def _show(request: HttpRequest, *, problem: str = "") -> HttpResponse:
    audit = auditing.find_next()
    context = {
        "audit": audit,
        "ticket": audit.triage.ticket if audit else None,
        "labels": Label.objects.filter(is_active=True).order_by("name"),
        "waiting": auditing.count_waiting(),
        "problem": problem,
    }
    return render(request, PAGE, context, status=422 if problem else 200)


def _told(judged: Judged) -> str:
    audit = judged.audit
    names = dict(Label.objects.filter(slug=audit.label).values_list("slug", "name"))
    who = f"The {Stage(audit.stage).label.lower()} had answered “{names.get(audit.label, audit.label)}”"
    verdict = "as you do" if judged.agrees else "which is counted as wrong"
    return f"{who}, {verdict}. {judged.alarm}".strip()
