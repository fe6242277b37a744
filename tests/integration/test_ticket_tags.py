"""A ticket's tags as rows in the order of change: kept by the database, whoever writes the ticket."""

from datetime import UTC, datetime

from django.utils import timezone

from accounts.models import User
from tests.factories import new_ticket
from triage.models import Ticket, TicketTag
from triage.services import intake, tickets
from triage.services.tickets import Changes

EARLIER = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def rows(ticket: Ticket) -> dict[str, datetime]:
    return dict(TicketTag.objects.filter(ticket=ticket).values_list("tag", "updated_at"))


def test_a_new_ticket_has_a_row_for_each_tag(db: None) -> None:
    ticket = intake.receive(new_ticket(tags=("vip", "refund", "vip"))).ticket

    assert rows(ticket) == {"vip": ticket.updated_at, "refund": ticket.updated_at}


def test_changed_tags_change_the_rows(alice: User) -> None:
    ticket = intake.receive(new_ticket(tags=("vip", "refund"))).ticket

    tickets.change(ticket.pk, Changes(tags=("vip", "late")), by=alice)

    ticket.refresh_from_db()
    assert rows(ticket) == {"vip": ticket.updated_at, "late": ticket.updated_at}


def test_any_change_of_the_ticket_moves_its_rows(db: None) -> None:
    ticket = intake.receive(new_ticket(tags=("vip",))).ticket

    Ticket.objects.filter(pk=ticket.pk).update(subject="Other", updated_at=EARLIER)

    assert rows(ticket) == {"vip": EARLIER}


def test_a_ticket_without_tags_has_no_rows(alice: User) -> None:
    ticket = intake.receive(new_ticket(tags=("vip",))).ticket

    tickets.change(ticket.pk, Changes(tags=()), by=alice)
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())

    assert rows(ticket) == {}
