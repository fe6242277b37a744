"""One ticket: the page, its preview beside the queue, the parts that come when looked at, and the triage card."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from triage.models import Call, Priority, Status, Ticket
from triage.selectors.activity import activity_of
from triage.selectors.receipts import find_prompt, receipts_of
from triage.selectors.similar import similar_tickets
from triage.selectors.trouble import find_trouble
from triage.services import classification
from triage.web import corrections_offer, offers, ticket_page, triage_card
from triage.web.access import WorkspaceView, is_part
from triage.web.people import Pair, active_labels
from triage.web.ticket_page import TicketPage

PAGE = "workspace/ticket.html"
UPDATE = "workspace/_ticket_update.html"
PREVIEW_MESSAGES = 2


class TicketDetail(WorkspaceView):
    """The whole page."""

    def get(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        page = ticket_page.load(ticket_id)
        offer = corrections_offer.take(request, ticket_id)
        return render(
            request,
            PAGE,
            context_of(page)
            | {"offer": offer, "past": offers.take(request), "trouble": find_trouble()},
        )


class TicketPreview(WorkspaceView):
    """The ticket in short, beside the queue."""

    def get(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        return preview(request, ticket_id)


class TicketPart(WorkspaceView):
    """What comes when it is looked at: receipt, activity, similar tickets."""

    def get(self, request: HttpRequest, ticket_id: int, part: str) -> HttpResponse:
        ticket = Ticket.objects.select_related("requester", "label").get(pk=ticket_id)
        return render(request, f"workspace/_{part}.html", self._context(ticket, part))

    def _context(self, ticket: Ticket, part: str) -> dict[str, Any]:
        match part:
            case "receipt":
                receipts = receipts_of(ticket.pk)
                total = sum(each.cost_nanousd for each in receipts)
                return {"ticket": ticket, "receipts": receipts, "total_nanousd": total}
            case "activity":
                runs = ticket_page.earlier_runs(ticket)
                return {"ticket": ticket, "activity": activity_of(ticket), "earlier_runs": runs}
            case _:
                return {
                    "ticket": ticket,
                    "similar": similar_tickets(ticket),
                    "other_tickets": ticket_page.other_tickets(ticket),
                }


class PromptDetail(WorkspaceView):
    """The exact prompt of a call, as it left the house."""

    def get(self, request: HttpRequest, call_id: int) -> HttpResponse:
        prompt = find_prompt(call_id)
        status = 200 if prompt else 404
        about = Call.objects.filter(pk=call_id, about_kind="ticket").values_list(
            "about_id", flat=True
        )
        context = {"prompt": prompt, "call_id": call_id, "ticket_id": about.first()}
        return render(request, "workspace/prompt.html", context, status=status)


class TriageCard(WorkspaceView):
    """What the card asks for while a run is underway: 204 as long as its state is still `?state=`."""

    def get(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        ticket = Ticket.objects.select_related("triage").get(pk=ticket_id)
        if ticket.triage and ticket.triage.state == request.GET.get("state"):
            return HttpResponse(status=204)
        return show(request, ticket_id)


class TriageRerun(WorkspaceView):
    """Ask Claude anew; while a run is underway there is nothing to ask."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        classification.request_rerun(ticket_id)
        if is_part(request):
            return show(request, ticket_id)
        messages.success(request, "Triage is running again. Reload the page to see its result.")
        return redirect("ticket", ticket_id)


def show(
    request: HttpRequest, ticket_id: int, *, status: int = 200, **context: Any
) -> HttpResponse:
    """The parts of the page that a change touches, and the offer to undo it."""
    page = ticket_page.load(ticket_id)
    shown = {**context_of(page), "is_update": True, **context}
    return render(request, UPDATE if is_part(request) else PAGE, shown, status=status)


def preview(
    request: HttpRequest, ticket_id: int, *, status: int = 200, **context: Any
) -> HttpResponse:
    """The ticket in short, and the offer to undo what was done there."""
    ticket = ticket_page.find_ticket(ticket_id)
    newest = ticket.messages.select_related("author").order_by("-created_at", "-id")
    names = triage_card.names_of(active_labels())
    shown = {
        "ticket": ticket,
        "messages_shown": list(newest[:PREVIEW_MESSAGES])[::-1],
        "card": triage_card.build(ticket, calls=(), names=names),
        **context,
    }
    return render(request, "workspace/_preview.html", shown, status=status)


def context_of(page: TicketPage) -> dict[str, Any]:
    ticket = page.ticket
    seen = f"?version={ticket.version}&seen={page.newest_message}"
    return {
        "page": page,
        "ticket": ticket,
        "properties": _properties(page),
        "pulse": reverse("ticket-pulse", args=[ticket.pk]) + seen,
    }


def _properties(page: TicketPage) -> list[tuple[str, str, str, list[Pair], str]]:
    """The header's selects: name, words, key, choices, and the value that is set."""
    ticket = page.ticket
    none, nobody = ("", "None"), ("", "Nobody")
    return [
        ("status", "Status", "s", [*Status.choices], ticket.status),
        ("priority", "Priority", "p", [none, *Priority.choices], ticket.priority),
        ("team", "Team", "t", [none, *page.teams], _text(ticket.team_id)),
        ("assignee", "Assignee", "a", [nobody, *page.agents], _text(ticket.assignee_id)),
    ]


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
