"""A person's word on the label: set it, take it back. With htmx the page's parts come back, without it the page."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from triage.exceptions import Conflict, InvalidInput
from triage.models import Label, Ticket
from triage.services import tickets
from triage.services.tickets import Correction
from triage.web import corrections_offer, ticket_page
from triage.web.access import WorkspaceView, agent
from triage.web.corrections_offer import Offer
from triage.web.ticket import PAGE, UPDATE, show


class LabelCorrection(WorkspaceView):
    """Set the label to `label`, if the ticket still is as it was at `version`."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        wanted = _slug(request, "label")
        try:
            correction = tickets.correct_label(
                ticket_id, label=wanted, by=agent(request), version=_version(request)
            )
        except Ticket.DoesNotExist:
            raise Http404("There is no such ticket.") from None
        except Conflict as conflict:
            return _refuse(request, ticket_id, 409, conflict=str(conflict), wanted=_named(wanted))
        except InvalidInput:
            problem = f"There is no active label “{wanted[:60]}”." if wanted else "Choose a label."
            return _refuse(request, ticket_id, 422, problem=problem)
        return _accept(request, correction)


class LabelUndo(WorkspaceView):
    """Go back to the label `before`, and let triage decide again."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        try:
            tickets.undo_correction(
                ticket_id,
                before=_slug(request, "before"),
                was_by_person=request.POST.get("was_by_person") == "True",
                version=_version(request),
            )
        except Ticket.DoesNotExist:
            raise Http404("There is no such ticket.") from None
        except Conflict as conflict:
            return _refuse(request, ticket_id, 409, problem=f"{conflict} Nothing was undone.")
        if getattr(request, "htmx", False):
            return show(request, ticket_id, is_undone=True)
        messages.success(request, "The correction is taken back.")
        return redirect("ticket", ticket_id)


def _slug(request: HttpRequest, name: str) -> str:
    """A label's slug from a form, without the character that the database cannot even look for."""
    return request.POST.get(name, "").replace("\0", "").strip()


def _version(request: HttpRequest) -> int | None:
    """The version that the form was made for; a hand-made form without one takes whatever is there."""
    text = request.POST.get("version", "")
    return int(text) if len(text) < 10 and text.isascii() and text.isdigit() else None


def _named(slug: str) -> Label | None:
    return Label.objects.filter(slug__iexact=slug, is_active=True).first()


def _accept(request: HttpRequest, correction: Correction) -> HttpResponse:
    ticket = correction.ticket
    name = ticket.label.name if ticket.label else ""
    offer = Offer(
        ticket.pk,
        name=name,
        before=correction.before,
        was_by_person=correction.was_by_person,
        version=ticket.version,
    )
    if getattr(request, "htmx", False):
        return show(request, ticket.pk, offer=offer)
    corrections_offer.keep(request, offer)
    return redirect("ticket", ticket.pk)


def _refuse(request: HttpRequest, ticket_id: int, status: int, **context: object) -> HttpResponse:
    """The page as it is now, with what went wrong; nothing was saved."""
    is_update = bool(getattr(request, "htmx", False))
    page = ticket_page.load(ticket_id)
    return render(
        request,
        UPDATE if is_update else PAGE,
        {"page": page, "is_update": is_update, **context},
        status=status,
    )
