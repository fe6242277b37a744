"""Setting a ticket's own fields, one at a time, and taking that back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Team, User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Priority, Status, Ticket
from triage.services import tickets
from triage.services.tickets import Changes
from triage.web import offers
from triage.web.access import (
    WorkspaceView,
    agent,
    is_part,
    number_in,
    posted,
    posted_version,
)
from triage.web.offers import Undo
from triage.web.ticket import show


class TicketChange(WorkspaceView):
    """Set one field, if the ticket still is as it was at `version`."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        field, value = posted(request, "field"), posted(request, "value")
        before = Ticket.objects.get(pk=ticket_id)
        try:
            ticket = tickets.change(
                ticket_id,
                changes_of(field, value),
                by=agent(request),
                version=posted_version(request),
            )
        except Conflict as conflict:
            clash = {"conflict": str(conflict), "field": field, "value": value}
            words = {
                "now": words_of(field, value_of(before, field)),
                "yours": words_of(field, value),
            }
            return show(request, ticket_id, status=409, clash=clash | words)
        except InvalidInput as error:
            return show(request, ticket_id, status=422, problem=str(error))
        return self._done(request, before, ticket, field)

    def _done(
        self, request: HttpRequest, before: Ticket, ticket: Ticket, field: str
    ) -> HttpResponse:
        words = f"{field.capitalize()}: {words_of(field, value_of(ticket, field))}"
        undo = Undo(ticket.pk, words, field, value_of(before, field), ticket.version)
        if next_id := posted(request, "next"):
            offers.keep(request, undo)
            return lead_to(request, next_id)
        if is_part(request):
            return show(request, ticket.pk, undo=undo)
        messages.success(request, f"{words}.")
        return redirect("ticket", ticket.pk)


def lead_to(request: HttpRequest, next_id: str) -> HttpResponse:
    """On to the next ticket of the list, or back to the queue where there is none."""
    address = f"/tickets/{next_id}/" if next_id.isdigit() else "/"
    if not is_part(request):
        return redirect(address)
    return HttpResponse(headers={"HX-Redirect": address})


def changes_of(field: str, value: str) -> Changes:
    """What a form asks for.

    Raises:
        InvalidInput: There is no such field, or its value is no id.
    """
    number = number_in(value)
    if field in ("team", "assignee") and value and number is None:
        raise InvalidInput(field, "is unusable")
    match field:
        case "status":
            return Changes(status=value)
        case "priority":
            return Changes(priority=value)
        case "team":
            return Changes(team_id=number)
        case "assignee":
            return Changes(assignee_id=number)
        case _:
            raise InvalidInput(field[:40] or "field", "is none that can be set here")


def value_of(ticket: Ticket, field: str) -> str:
    value = getattr(ticket, f"{field}_id" if field in ("team", "assignee") else field, "")
    return "" if value is None else str(value)


def words_of(field: str, value: str) -> str:
    """A value as people read it."""
    if not value:
        return "nobody" if field == "assignee" else "none"
    match field:
        case "status":
            return dict(Status.choices).get(value, value)
        case "priority":
            return dict(Priority.choices).get(value, value)
        case "team":
            return str(Team.objects.filter(pk=value).first() or "a team that is gone")
        case _:
            return str(User.objects.filter(pk=value).first() or "somebody who is gone")
