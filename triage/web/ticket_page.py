"""Everything that the ticket page shows at once, in a constant number of queries. The rest comes when it is looked at."""

from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from triage.models import Call, FieldDecision, Label, Message, Ticket, Triage
from triage.selectors.track_record import TrackRecord, track_record
from triage.web import draft_panel, triage_card
from triage.web.draft_panel import Panel
from triage.web.people import Pair, agents, teams
from triage.web.triage_card import Card

MESSAGES_AT_MOST = 200
RUN_CALLS = 20
EARLIER_RUNS = 10


@dataclass(frozen=True, slots=True)
class TicketPage:
    """`messages` are the newest MESSAGES_AT_MOST, oldest first; `is_cut` says that there are more."""

    ticket: Ticket
    messages: tuple[Message, ...]
    is_cut: bool
    card: Card
    record: TrackRecord | None
    labels: tuple[Label, ...]
    agents: tuple[Pair, ...]
    teams: tuple[Pair, ...]
    panel: Panel

    @property
    def newest_message(self) -> int:
        return max((message.pk for message in self.messages), default=0)


def load(ticket_id: int) -> TicketPage:
    """The page of one ticket.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
    """
    ticket = find_ticket(ticket_id)
    labels = tuple(Label.objects.order_by("name").only("slug", "name", "is_active"))
    card = triage_card.build(ticket, calls=_calls(ticket), names=triage_card.names_of(labels))
    messages = _messages(ticket)
    return TicketPage(
        ticket=ticket,
        messages=tuple(reversed(messages[:MESSAGES_AT_MOST])),
        is_cut=len(messages) > MESSAGES_AT_MOST,
        card=card,
        record=_record(card),
        labels=tuple(label for label in labels if label.is_active),
        agents=agents(),
        teams=teams(),
        panel=draft_panel.load(ticket),
    )


def find_ticket(ticket_id: int) -> Ticket:
    """The ticket with what is decided on it."""
    with_all = Ticket.objects.select_related(
        "requester", "label", "team", "assignee", "triage__taxonomy_version"
    ).prefetch_related(Prefetch("triage__fields", decisions()))
    return with_all.defer("search", "triage__taxonomy_version__labels").get(pk=ticket_id)


def decisions() -> QuerySet[FieldDecision]:
    return FieldDecision.objects.select_related("corrected_by")


def earlier_runs(ticket: Ticket) -> tuple[Triage, ...]:
    """The runs before the one that counts, newest first."""
    runs = Triage.objects.filter(ticket=ticket).exclude(pk=ticket.triage.pk if ticket.triage else 0)
    newest = runs.prefetch_related(Prefetch("fields", decisions())).order_by("-created_at", "-id")
    return tuple(newest[:EARLIER_RUNS])


def other_tickets(ticket: Ticket, *, most: int = 5) -> tuple[Ticket, ...]:
    """The requester's newest others."""
    if ticket.requester is None:
        return ()
    others = Ticket.objects.filter(requester=ticket.requester).exclude(pk=ticket.pk)
    newest = others.select_related("label").defer("search", "custom_fields")
    return tuple(newest.order_by("-created_at", "-id")[:most])


def _messages(ticket: Ticket) -> list[Message]:
    """The newest and one more, newest first."""
    newest = ticket.messages.select_related("author").order_by("-created_at", "-id")
    return list(newest[: MESSAGES_AT_MOST + 1])


def _calls(ticket: Ticket) -> list[Call]:
    """The newest calls about the ticket, oldest first: which models worked on the run."""
    mine = Call.objects.filter(about_kind="ticket", about_id=str(ticket.pk))
    return list(mine.order_by("-created_at", "-id")[:RUN_CALLS])[::-1]


def _record(card: Card) -> TrackRecord | None:
    """How often triage was right where it said this, this surely."""
    option = card.confirmable
    if option is None or option.confidence is None:
        return None
    return track_record(option.slug, option.confidence)
