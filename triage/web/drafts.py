"""The draft's layer: ask for one, follow it, stop it, take it, throw it away. Sending is the composer's."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render

from triage.exceptions import TriageError
from triage.models import Draft, Ticket
from triage.services import drafts
from triage.web import draft_panel
from triage.web.access import WorkspaceView, agent, is_part, number_in, posted

PANEL = "workspace/_draft.html"
EVENT_STREAM = "text/event-stream; charset=utf-8"


class DraftPanel(WorkspaceView):
    """The layer as it is now."""

    def get(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        return show_panel(request, ticket_id)


class DraftPropose(WorkspaceView):
    """Ask for a draft; the one underway, if there is one."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        try:
            drafts.propose(
                ticket_id,
                by=agent(request),
                is_fresh=posted(request, "fresh") == "yes",
                steer=posted(request, "steer", most=300),
                tone=posted(request, "tone"),
                continues=number_in(posted(request, "continues")),
            )
        except Ticket.DoesNotExist:
            raise
        except TriageError as error:
            return show_panel(request, ticket_id, problem=str(error), status=409)
        return show_panel(request, ticket_id)


class DraftAct(WorkspaceView):
    """Stop it, take it into the reply, or throw it away."""

    acts = {"cancel": drafts.cancel, "accept": drafts.accept, "discard": drafts.discard}

    def post(self, request: HttpRequest, draft_id: int, act: str) -> HttpResponse:
        ticket_id = Draft.objects.values_list("ticket_id", flat=True).get(pk=draft_id)
        try:
            self.acts[act](draft_id, by=agent(request))
        except TriageError as error:
            return show_panel(request, ticket_id, problem=str(error), status=409)
        return show_panel(request, ticket_id)


class DraftEvents(WorkspaceView):
    """The draft as it is written, for an EventSource; whoever has seen the end gets a 204."""

    def get(self, request: HttpRequest, draft_id: int) -> HttpResponseBase:
        draft = Draft.objects.get(pk=draft_id)
        after = request.headers.get("Last-Event-ID", "")
        if drafts.is_all_told(draft, after=after):
            return HttpResponse(status=204)
        return StreamingHttpResponse(
            drafts.event_stream(draft.pk, after=after),
            content_type=EVENT_STREAM,
            headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
        )


def show_panel(
    request: HttpRequest, ticket_id: int, *, status: int = 200, **context: Any
) -> HttpResponse:
    ticket = Ticket.objects.only("pk").get(pk=ticket_id)
    if not is_part(request):
        return redirect("ticket", ticket_id)
    shown = {"ticket": ticket, "panel": draft_panel.load(ticket), **context}
    return render(request, PANEL, shown, status=status)
