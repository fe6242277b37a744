"""What the tests of packed calls share: tickets of known kinds, and a packed call that is really made."""

from collections.abc import Mapping, Sequence

from accounts.models import User
from tests.integration.classification.batching_cases import LEGAL_TEXT, LOGIN_TEXT, REFUND_TEXT
from tests.integration.classification.cases import Desk
from triage.models import Feature, Ticket
from triage.services import gateway, taxonomy
from triage.services.classification.answer import parse
from triage.services.classification.packing import (
    PackedAnswers,
    build_packed_request,
    parse_packed,
)
from triage.services.classification.prompt import build_request, ticket_document
from triage.services.gateway import About
from triage.services.masking import mask

KINDS = (REFUND_TEXT, LOGIN_TEXT, LEGAL_TEXT)


def receive(desk: Desk, count: int) -> list[Ticket]:
    """Tickets of three kinds, told apart by a number."""
    return [desk.receive(f"{KINDS[n % 3]} My order is {n}.") for n in range(count)]


def ask_packed(tickets: Sequence[Ticket], *, seed: int = 0) -> PackedAnswers:
    """What the first model says to these in one call, by the tickets' ids."""
    current = taxonomy.current()
    documents = [(str(ticket.pk), ticket_document(ticket)) for ticket in tickets]
    masked = mask(build_packed_request(documents, current, seed=seed))
    reply = gateway.ask(
        masked.request,
        feature=Feature.CLASSIFY,
        by=User.objects.system(),
        about=About("pack", str(seed)),
    )
    return parse_packed(reply.text, current, [each for each, _ in documents])


def ask_alone(ticket: Ticket) -> str:
    """The label that the first model gives it in a call of its own."""
    current = taxonomy.current()
    masked = mask(build_request(ticket, current))
    about = About("ticket", str(ticket.pk))
    reply = gateway.ask(
        masked.request, feature=Feature.CLASSIFY, by=User.objects.system(), about=about
    )
    return parse(reply.text, current).label.value


def labels(said: PackedAnswers) -> Mapping[str, str]:
    return {each: answer.label.value for each, answer in said.answers.items()}
