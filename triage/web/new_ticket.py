"""A ticket that an agent takes down, as from a phone call: the same intake as every other."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from triage.exceptions import InvalidInput
from triage.models import Channel, Priority
from triage.models.tickets import SUBJECT_MAX_CHARACTERS
from triage.services import intake, tickets
from triage.services.intake import NewTicket
from triage.services.tickets import Changes
from triage.web.access import WorkspaceView, agent

PAGE = "workspace/new_ticket.html"


class NewTicketForm(forms.Form):
    """What an agent can say of a ticket."""

    requester_name = forms.CharField(label="Customer’s name", max_length=200, required=False)
    requester_email = forms.EmailField(
        label="Customer’s e-mail",
        max_length=254,
        required=False,
        help_text="A known address leads to the customer’s other tickets.",
    )
    subject = forms.CharField(max_length=SUBJECT_MAX_CHARACTERS, required=False)
    description = forms.CharField(
        label="What the customer said",
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=100_000,
    )
    priority = forms.ChoiceField(
        choices=[("", "Let triage decide"), *Priority.choices], required=False
    )
    is_mine = forms.BooleanField(label="Assign it to me", required=False)


class TicketNew(WorkspaceView):
    """The form, and the ticket that comes of it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, PAGE, {"form": NewTicketForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewTicketForm(request.POST)
        if not form.is_valid():
            return render(request, PAGE, {"form": form}, status=422)
        given = form.cleaned_data
        try:
            ticket = intake.receive(_new_ticket(given)).ticket
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
            return render(request, PAGE, {"form": form}, status=422)
        changes = _changes(given, agent(request).pk)
        if changes.given():
            tickets.change(ticket.pk, changes, by=agent(request))
        messages.success(request, f"Ticket #{ticket.pk} is created; triage is on its way.")
        return redirect("ticket", ticket.pk)


def _new_ticket(given: dict[str, Any]) -> NewTicket:
    return NewTicket(
        description=given["description"],
        channel=Channel.FORM,
        subject=given["subject"],
        requester_name=given["requester_name"],
        requester_email=given["requester_email"],
    )


def _changes(given: dict[str, Any], agent_id: int) -> Changes:
    """What the agent has settled, triage leaves alone."""
    settled: dict[str, Any] = {}
    if given["priority"]:
        settled["priority"] = given["priority"]
    if given["is_mine"]:
        settled["assignee_id"] = agent_id
    return Changes(**settled)
