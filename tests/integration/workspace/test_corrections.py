"""A person's word on a label: with a reason, accepted from triage, and taken back."""

import pytest

from accounts.models import User
from tests.integration.api.client import api_as, fault_fields
from tests.integration.workspace.cases import (
    LOGIN,
    REFUND,
    add_labels,
    add_ticket,
    decide,
    label_decision,
    reread,
    told,
)
from triage.exceptions import Conflict, InvalidInput
from triage.models import CorrectionReason, Decision, EventKind, Field, Label, Ticket
from triage.selectors import queue
from triage.selectors.queue import Filters, View
from triage.services import classification, tickets


@pytest.fixture
def ticket(db: None) -> Ticket:
    """Triage suggests the label REFUND and a high priority."""
    add_labels()
    ticket = add_ticket()
    decide(ticket, REFUND, sides={Field.PRIORITY: ("high", 0.7)})
    return ticket


def test_a_correction_keeps_its_reason(ticket: Ticket, alice: User) -> None:
    tickets.correct_label(ticket.pk, label=LOGIN, by=alice, reason="two_topics")

    assert label_decision(ticket).correction_reason == CorrectionReason.TWO_TOPICS


def test_the_reason_can_be_said_afterwards_and_changes_nothing_else(
    ticket: Ticket, alice: User
) -> None:
    version = tickets.correct_label(ticket.pk, label=LOGIN, by=alice).ticket.version
    events = told(ticket)

    tickets.note_reason(ticket.pk, reason="wrong_label")

    assert label_decision(ticket).correction_reason == CorrectionReason.WRONG_LABEL
    assert (reread(ticket).version, told(ticket)) == (version, events)


def test_a_reason_needs_a_correction(ticket: Ticket) -> None:
    with pytest.raises(Conflict):
        tickets.note_reason(ticket.pk, reason="wrong_label")


@pytest.mark.parametrize("reason", ["mood", "\0", "x" * 5_000])
def test_an_unknown_reason_is_refused_and_nothing_is_saved(
    reason: str, ticket: Ticket, alice: User
) -> None:
    with pytest.raises(InvalidInput) as refused:
        tickets.correct_label(ticket.pk, label=LOGIN, by=alice, reason=reason)

    assert refused.value.field == "reason"
    assert reread(ticket).label is None


def test_the_same_correction_again_changes_and_tells_nothing(
    ticket: Ticket, alice: User, bob: User
) -> None:
    first = tickets.correct_label(ticket.pk, label=LOGIN, by=alice)

    again = tickets.correct_label(ticket.pk, label=LOGIN, by=bob, reason="wrong_label")

    assert (again.before, again.was_by_person) == (LOGIN, True)
    assert again.ticket.version == first.ticket.version
    assert [kind for kind, _ in told(ticket)] == [EventKind.TRIAGE_CORRECTED]
    decision = label_decision(ticket)
    assert (decision.corrected_by, decision.correction_reason) == (alice, "wrong_label")


def test_a_persons_label_can_be_confirmed_against_a_later_run(ticket: Ticket, alice: User) -> None:
    tickets.correct_label(ticket.pk, label=REFUND, by=alice)
    classification.request_rerun(ticket.pk)
    decide(reread(ticket), REFUND)

    tickets.correct_label(ticket.pk, label=REFUND, by=alice)

    newest = reread(ticket).triage
    assert newest is not None
    assert newest.fields.get(field=Field.LABEL).corrected_to == REFUND


def test_taking_a_correction_back_clears_its_reason_and_is_told(
    ticket: Ticket, alice: User
) -> None:
    tickets.correct_label(ticket.pk, label=LOGIN, by=alice, reason="two_topics")

    tickets.undo_correction(ticket.pk, before="", by=alice)

    decision = label_decision(ticket)
    assert (decision.corrected_to, decision.correction_reason) == ("", "")
    assert told(ticket)[-1] == (EventKind.TICKET_UPDATED, {"label": [LOGIN, None]})


def test_what_triage_named_stays_beside_what_a_person_chose(ticket: Ticket, alice: User) -> None:
    filed = Filters(View.OPEN, label=REFUND)
    suggested = Label.objects.get(slug=REFUND)

    tickets.correct_label(ticket.pk, label=LOGIN, by=alice)
    corrected, there_then = reread(ticket).suggested_label, queue.page_ids(filed, by=alice)
    tickets.undo_correction(ticket.pk, before="")

    assert (corrected, there_then) == (suggested, [])
    assert queue.page_ids(filed, by=alice) == [ticket.pk]


def test_accepting_takes_the_label_and_the_open_priority_as_the_persons(
    ticket: Ticket, alice: User
) -> None:
    taken = tickets.accept(ticket.pk, by=alice, version=ticket.version)

    now = reread(ticket)
    assert (taken.before, taken.after, taken.took_priority) == ("", REFUND, True)
    assert (now.label, now.priority) == (Label.objects.get(slug=REFUND), "high")
    assert (now.set_by_person, now.needs_review) == (["label", "priority"], False)
    assert now.version == ticket.version + 1
    assert label_decision(ticket).corrected_to == REFUND
    assert told(ticket) == [
        (EventKind.TRIAGE_CORRECTED, {"label": [None, REFUND]}),
        (EventKind.TICKET_UPDATED, {"priority": ["", "high"]}),
    ]


def test_accepting_can_be_taken_back_whole(ticket: Ticket, alice: User) -> None:
    taken = tickets.accept(ticket.pk, by=alice)

    tickets.undo_correction(
        ticket.pk,
        before=taken.before,
        was_by_person=taken.was_by_person,
        took_priority=taken.took_priority,
        version=taken.ticket.version,
    )

    now = reread(ticket)
    assert (now.label, now.priority, now.set_by_person) == (None, "", [])
    assert now.needs_review


@pytest.mark.parametrize("by_person", [[], ["priority"]])
def test_accepting_leaves_a_priority_that_somebody_set_or_took_away(
    by_person: list[str], ticket: Ticket, alice: User
) -> None:
    priority = "" if by_person else "low"
    Ticket.objects.filter(pk=ticket.pk).update(priority=priority, set_by_person=by_person)

    taken = tickets.accept(ticket.pk, by=alice)

    assert not taken.took_priority
    assert reread(ticket).priority == priority


def test_accepting_twice_changes_nothing_twice(ticket: Ticket, alice: User) -> None:
    first = tickets.accept(ticket.pk, by=alice)
    events = told(ticket)

    second = tickets.accept(ticket.pk, by=alice)

    assert second.ticket.version == first.ticket.version
    assert told(ticket) == events


def test_a_person_may_accept_what_was_too_unsure_to_suggest(alice: User) -> None:
    labels = add_labels()
    ticket = add_ticket()
    decide(ticket, LOGIN, 0.3, decision=Decision.WITHHELD)

    tickets.accept(ticket.pk, by=alice)

    assert reread(ticket).label == labels[LOGIN]


def test_where_triage_has_named_nothing_there_is_nothing_to_accept(alice: User) -> None:
    add_labels()
    ticket = add_ticket()

    with pytest.raises(InvalidInput):
        tickets.accept(ticket.pk, by=alice)


def test_accepting_what_has_changed_meanwhile_is_refused(
    ticket: Ticket, alice: User, bob: User
) -> None:
    tickets.correct_label(ticket.pk, label=LOGIN, by=bob)

    with pytest.raises(Conflict):
        tickets.accept(ticket.pk, by=alice, version=ticket.version)

    assert label_decision(ticket).corrected_to == LOGIN


@pytest.mark.parametrize(("label", "is_disagreement"), [(REFUND, False), (LOGIN, True)])
def test_a_correction_says_whether_it_disagrees_with_triage(
    label: str, is_disagreement: bool, ticket: Ticket, alice: User
) -> None:
    correction = tickets.correct_label(ticket.pk, label=label, by=alice)

    assert correction.is_disagreement is is_disagreement


def test_the_api_takes_a_reason(ticket: Ticket, charlie: User) -> None:
    path, body = f"/tickets/{ticket.pk}/triage", {"label": LOGIN, "reason": "label_missing"}

    answer = api_as(charlie).patch(path, body)

    assert answer.status_code == 200
    assert label_decision(ticket).correction_reason == CorrectionReason.LABEL_MISSING


def test_the_api_names_a_reason_that_it_does_not_know(ticket: Ticket, charlie: User) -> None:
    path, body = f"/tickets/{ticket.pk}/triage", {"label": LOGIN, "reason": "mood"}

    assert fault_fields(api_as(charlie).patch(path, body)) == ["reason"]
    assert reread(ticket).label is None
