"""One ticket: the page, the triage card that looks for news, and "Triage again"."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from triage.models import Ticket
from triage.services import classification
from triage.web import corrections_offer, ticket_page
from triage.web.access import WorkspaceView
from triage.web.corrections_offer import Offer

PAGE = "workspace/ticket.html"
UPDATE = "workspace/_ticket_update.html"


class TicketDetail(WorkspaceView):
    """The whole page."""

    def get(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        page = ticket_page.load(ticket_id)
        offer = corrections_offer.take(request, ticket_id)
        return render(request, PAGE, {"page": page, "offer": offer})


class TriageCard(WorkspaceView):
    """What the card asks for while a run is underway: 204 as long as its state is still `?state=`."""

    def get(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        ticket = get_object_or_404(Ticket.objects.select_related("triage"), pk=ticket_id)
        if ticket.triage and ticket.triage.state == request.GET.get("state"):
            return HttpResponse(status=204)
        return show(request, ticket_id)


class TriageRerun(WorkspaceView):
    """Ask Claude anew; while a run is underway there is nothing to ask."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        try:
            classification.request_rerun(ticket_id)
        except Ticket.DoesNotExist:
            raise Http404("There is no such ticket.") from None
        if getattr(request, "htmx", False):
            return show(request, ticket_id)
        messages.success(request, "Triage is running again. Reload the page to see its result.")
        return redirect("ticket", ticket_id)


def show(
    request: HttpRequest, ticket_id: int, *, offer: Offer | None = None, **context: Any
) -> HttpResponse:
    """The parts of the page that a change touches: header, card and receipt, and the offer to undo."""
    page = ticket_page.load(ticket_id)
    return render(request, UPDATE, {"page": page, "offer": offer, "is_update": True, **context})
