"""Tickets to triage, answers to script, and what stands in the database afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from tests.unit.classification.builders import answer_text
from tests.unit.gateway.upstream import Canned, Script, failure, message
from triage.models import Attempt, Call, Channel, Field, FieldDecision, Ticket, Triage
from triage.services import classification, intake
from triage.services.intake import NewTicket

REFUND_TEXT = "My order arrived broken, I want a refund. Please pay my money back."


def says(slug: object, confidence: object = 0.95, **changes: Any) -> Canned:
    """A whole answer of a model."""
    return message(answer_text(slug, confidence, **changes))


def by_model(haiku: Canned, sonnet: Canned | None = None) -> Script:
    """A script by the family of the model asked; without a second answer Sonnet is overloaded."""
    answers: Mapping[str, Canned] = {
        "haiku": haiku,
        "sonnet": sonnet or failure(529, "overloaded_error"),
    }
    return lambda body: answers[str(body["model"]).split("-")[1]]


@dataclass(frozen=True, slots=True)
class Desk:
    """The help desk: takes a ticket in and triages it."""

    def receive(self, text: str = REFUND_TEXT, **fields: Any) -> Ticket:
        new = NewTicket(description=text, channel=Channel.API, **fields)
        (received,) = intake.receive_many([new], is_urgent=False)
        return received.ticket

    def triage(self, ticket: Ticket) -> Triage:
        """The ticket's newest run, as it stands after running it."""
        run = newest(ticket)
        classification.run(run.pk)
        ticket.refresh_from_db()
        return newest(ticket)

    def catch_up(self, ticket: Ticket) -> Triage:
        """The same run once more, as if it were due."""
        Triage.objects.filter(ticket=ticket).update(due_at=timezone.now())
        return self.triage(ticket)


def newest(ticket: Ticket) -> Triage:
    return Triage.objects.filter(ticket=ticket).latest("id")


def decision_on(run: Triage, field: Field = Field.LABEL) -> FieldDecision:
    return FieldDecision.objects.get(triage=run, field=field)


def decisions(run: Triage) -> dict[str, str]:
    return dict(FieldDecision.objects.filter(triage=run).values_list("field", "decision"))


def ledger_nanousd(ticket: Ticket) -> int:
    """What all attempts about this ticket count as spent."""
    about = Attempt.objects.filter(call__about_kind="ticket", call__about_id=str(ticket.pk))
    return about.aggregate(sum=Sum("cost_nanousd"))["sum"] or 0


def features(ticket: Ticket) -> list[str]:
    """The features of the ticket's calls, in order."""
    calls = Call.objects.filter(about_kind="ticket", about_id=str(ticket.pk)).order_by("id")
    return list(calls.values_list("feature", flat=True))
