"""Everything that the ticket page shows, loaded in a constant number of queries."""

from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.http import Http404

from triage.models import Attempt, Call, FieldDecision, Label, Message, Ticket, Triage
from triage.web import triage_card
from triage.web.triage_card import Card

OTHER_TICKETS = 5
EARLIER_RUNS = 10
RECEIPT_CALLS = 50


@dataclass(frozen=True, slots=True)
class TicketPage:
    """`calls` are the newest RECEIPT_CALLS, oldest first; `labels` the active ones, by name."""

    ticket: Ticket
    messages: tuple[Message, ...]
    other_tickets: tuple[Ticket, ...]
    card: Card
    earlier_runs: tuple[Triage, ...]
    calls: tuple[Call, ...]
    labels: tuple[Label, ...]

    @property
    def cost_nanousd(self) -> int:
        return sum(call.cost_nanousd for call in self.calls)


def load(ticket_id: int) -> TicketPage:
    """The page of one ticket, or Http404."""
    ticket = _ticket(ticket_id)
    calls = _calls(ticket)
    labels = tuple(Label.objects.order_by("name").only("slug", "name", "is_active"))
    card = triage_card.build(ticket, calls=calls, names=triage_card.names_of(labels))
    return TicketPage(
        ticket=ticket,
        messages=tuple(ticket.messages.select_related("author")),
        other_tickets=_other_tickets(ticket),
        card=card,
        earlier_runs=_earlier_runs(ticket),
        calls=calls,
        labels=tuple(label for label in labels if label.is_active),
    )


def _ticket(ticket_id: int) -> Ticket:
    with_all = Ticket.objects.select_related(
        "requester", "label", "team", "assignee", "triage__taxonomy_version"
    ).prefetch_related(Prefetch("triage__fields", _decisions()))
    ticket = with_all.defer("search", "triage__taxonomy_version__labels").filter(pk=ticket_id)
    found = ticket.first()
    if found is None:
        raise Http404("There is no such ticket.")
    return found


def _decisions() -> QuerySet[FieldDecision]:
    return FieldDecision.objects.select_related("corrected_by")


def _calls(ticket: Ticket) -> tuple[Call, ...]:
    newest = (
        Call.objects.filter(about_kind="ticket", about_id=str(ticket.pk))
        .prefetch_related(Prefetch("attempts", Attempt.objects.order_by("number")))
        .order_by("-created_at", "-id")[:RECEIPT_CALLS]
    )
    return tuple(reversed(newest))


def _other_tickets(ticket: Ticket) -> tuple[Ticket, ...]:
    if ticket.requester is None:
        return ()
    others = Ticket.objects.filter(requester=ticket.requester).exclude(pk=ticket.pk)
    newest = others.select_related("label").defer("search", "custom_fields")
    return tuple(newest.order_by("-created_at", "-id")[:OTHER_TICKETS])


def _earlier_runs(ticket: Ticket) -> tuple[Triage, ...]:
    runs = Triage.objects.filter(ticket=ticket).exclude(pk=ticket.triage.pk if ticket.triage else 0)
    newest = runs.prefetch_related(Prefetch("fields", _decisions())).order_by("-created_at", "-id")
    return tuple(newest[:EARLIER_RUNS])
