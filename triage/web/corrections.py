"""A person's word on the label: set it, say why, take it back. With htmx the page's parts come back, without it the page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from triage.exceptions import Conflict, InvalidInput
from triage.models import CorrectionReason, Label
from triage.services import tickets
from triage.services.tickets import Correction
from triage.web import corrections_offer
from triage.web.access import WorkspaceView, agent, is_part, posted, posted_version
from triage.web.corrections_offer import Offer
from triage.web.ticket import preview, show


class LabelCorrection(WorkspaceView):
    """Set the label to `label`, if the ticket still is as it was at `version`."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        wanted = posted(request, "label")
        try:
            correction = tickets.correct_label(
                ticket_id, label=wanted, by=agent(request), version=posted_version(request)
            )
        except Conflict as conflict:
            context = {"conflict": str(conflict), "wanted": _named(wanted)}
            return show(request, ticket_id, status=409, **context)
        except InvalidInput:
            problem = f"There is no active label “{wanted[:60]}”." if wanted else "Choose a label."
            return show(request, ticket_id, status=422, problem=problem)
        return _accept(request, correction)


class SuggestionAccept(WorkspaceView):
    """Take what triage suggests, the label and an open priority, as one's own word."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        try:
            correction = tickets.accept(
                ticket_id, by=agent(request), version=posted_version(request)
            )
        except Conflict as conflict:
            again = preview if request.GET.get("peek") else show
            return again(request, ticket_id, status=409, problem=str(conflict))
        except InvalidInput as error:
            return show(request, ticket_id, status=422, problem=error.message.capitalize())
        return _accept(request, correction)


class LabelReason(WorkspaceView):
    """Why the label was corrected: kept with the correction, for who tends the taxonomy."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        reason = posted(request, "reason")
        try:
            tickets.note_reason(ticket_id, reason=reason)
        except (Conflict, InvalidInput) as error:
            return show(request, ticket_id, status=422, problem=str(error))
        if is_part(request):
            return show(request, ticket_id, said="Noted. Thank you.")
        messages.success(request, "Noted. Thank you.")
        return redirect("ticket", ticket_id)


class LabelUndo(WorkspaceView):
    """Go back to the label `before`, and let triage decide again."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        try:
            tickets.undo_correction(
                ticket_id,
                before=posted(request, "before"),
                was_by_person=posted(request, "was_by_person") == "True",
                took_priority=posted(request, "took_priority") == "True",
                by=agent(request),
                version=posted_version(request),
            )
        except Conflict as conflict:
            again = preview if request.GET.get("peek") else show
            problem = f"{conflict} Nothing was undone."
            return again(request, ticket_id, status=409, problem=problem)
        if is_part(request):
            again = preview if request.GET.get("peek") else show
            return again(request, ticket_id, said="The correction is taken back.")
        messages.success(request, "The correction is taken back.")
        return redirect("ticket", ticket_id)


def _named(slug: str) -> Label | None:
    return Label.objects.filter(slug__iexact=slug, is_active=True).first()


def _accept(request: HttpRequest, correction: Correction) -> HttpResponse:
    ticket = correction.ticket
    offer = Offer(
        ticket.pk,
        name=ticket.label.name if ticket.label else "",
        before=correction.before,
        was_by_person=correction.was_by_person,
        took_priority=correction.took_priority,
        version=ticket.version,
    )
    if request.GET.get("peek"):
        return preview(request, ticket.pk, offer=offer)
    if is_part(request):
        reasons = CorrectionReason.choices[1:] if correction.is_disagreement else []
        return show(request, ticket.pk, offer=offer, reasons=reasons)
    corrections_offer.keep(request, offer)
    return redirect("ticket", ticket.pk)
