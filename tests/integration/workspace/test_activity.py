"""What happened to a ticket, in sentences, the newest first."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.integration.workspace.cases import (
    LOGIN,
    REFUND,
    a_team,
    add_labels,
    add_ticket,
    change_all,
    decide,
    reread,
)
from triage.models import Decision, Draft, DraftState, Event, Label, State, Ticket, Triage
from triage.selectors.activity import SHOWN_AT_MOST, ActivityKind, activity_of
from triage.services import tickets
from triage.services.tickets import Changes


@pytest.fixture
def ticket(db: None) -> Ticket:
    add_labels()
    return add_ticket()


def texts(ticket: Ticket) -> list[str]:
    return [activity.text for activity in activity_of(reread(ticket))]


def test_it_begins_with_how_the_ticket_came_in(ticket: Ticket) -> None:
    (arrival,) = activity_of(ticket)

    assert (arrival.text, arrival.who) == ("The ticket came in by e-mail", "")
    assert (arrival.at, arrival.kind) == (ticket.created_at, ActivityKind.CREATED)


def test_a_change_says_who_changed_what_from_what_to_what_once(ticket: Ticket, alice: User) -> None:
    tickets.change(ticket.pk, Changes(status="solved"), by=alice)

    newest = activity_of(ticket)[0]

    assert newest.text == "Alice changed status from New to Solved"
    assert (newest.who, newest.kind) == ("Alice", ActivityKind.CHANGED)
    assert len(activity_of(ticket)) == 2


def test_changes_speak_in_names(ticket: Ticket, alice: User, bob: User) -> None:
    team = a_team()
    for changes in (
        Changes(team_id=team.pk, priority="high"),
        Changes(team_id=None),
        Changes(assignee_id=bob.pk),
        Changes(assignee_id=None, tags=("vip",)),
    ):
        tickets.change(ticket.pk, changes, by=alice)

    assert texts(ticket)[:4] == [
        "Alice changed the tags and took Bob off it",
        "Alice assigned it to Bob",
        "Alice took team Trust away",
        "Alice set team Trust and set priority High",
    ]


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision.APPLIED, "Triage set label Wrong charge and team Billing"),
        (Decision.SUGGESTED, "Triage suggested label Wrong charge"),
        (Decision.WITHHELD, "Triage was too unsure to suggest Wrong charge"),
    ],
)
def test_what_triage_decided_is_said(decision: Decision, words: str, ticket: Ticket) -> None:
    decide(ticket, decision=decision)

    found = activity_of(reread(ticket))

    assert (found[0].text, found[0].who, found[0].kind) == (words, "Triage", ActivityKind.TRIAGED)


def test_the_team_is_the_labels_of_the_day_of_the_decision(ticket: Ticket) -> None:
    decide(ticket, decision=Decision.APPLIED)
    Label.objects.filter(slug=REFUND).update(team=a_team())

    assert "Triage set label Wrong charge and team Billing" in texts(ticket)


def test_triage_does_not_claim_a_team_that_a_person_chose(ticket: Ticket) -> None:
    decide(ticket, decision=Decision.APPLIED)
    Ticket.objects.filter(pk=ticket.pk).update(set_by_person=["team"])

    assert "Triage set label Wrong charge" in texts(ticket)


def test_a_skipped_run_is_said_and_one_that_waits_is_not(ticket: Ticket) -> None:
    Triage.objects.update(state=State.SKIPPED, skip_reason="overloaded")
    Triage.objects.create(ticket=ticket)

    assert texts(ticket)[0] == "Triage was skipped and will catch up"
    assert len(texts(ticket)) == 2


def test_corrections_are_said_and_so_is_taking_them_back(ticket: Ticket, alice: User) -> None:
    decide(ticket)
    tickets.correct_label(ticket.pk, label=REFUND, by=alice)
    tickets.correct_label(ticket.pk, label=LOGIN, by=alice)
    tickets.undo_correction(ticket.pk, before=REFUND, was_by_person=True, by=alice)

    said = [text for text in texts(ticket) if text.startswith("Alice")]

    assert said == [
        "Alice changed label from Login and access to Wrong charge",
        "Alice changed label from Wrong charge to Login and access",
        "Alice set label Wrong charge",
    ]


def test_confirming_what_was_applied_is_called_so(ticket: Ticket, alice: User) -> None:
    decide(ticket, decision=Decision.APPLIED)
    tickets.correct_label(ticket.pk, label=REFUND, by=alice)

    assert "Alice confirmed label Wrong charge" in texts(ticket)


def test_a_correction_outlives_its_event(ticket: Ticket, alice: User) -> None:
    decide(ticket)
    tickets.correct_label(ticket.pk, label=LOGIN, by=alice)
    before = texts(ticket).count("Alice changed label from Wrong charge to Login and access")
    Event.objects.all().delete()

    assert before == 0
    assert "Alice changed label from Wrong charge to Login and access" in texts(ticket)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DraftState.ACCEPTED, "Bob took a draft into the editor"),
        (DraftState.DISCARDED, "Bob discarded a draft"),
        (DraftState.SENT, "Bob sent a draft"),
    ],
)
def test_what_became_of_drafts_is_said(
    state: DraftState, words: str, ticket: Ticket, alice: User, bob: User
) -> None:
    now = timezone.now()
    Draft.objects.create(ticket=ticket, by=alice, state=DraftState.READY, finished_at=now)
    Draft.objects.create(
        ticket=ticket, by=alice, state=state, finished_at=now, decided_by=bob, decided_at=now
    )

    assert texts(ticket)[0] == words
    assert len(texts(ticket)) == 2


def test_a_change_of_many_reads_like_one_of_each(ticket: Ticket, alice: User) -> None:
    change = change_all([ticket], "status", "hold", by=alice)
    tickets.undo_bulk(change.pk, by=alice)

    assert texts(ticket)[:2] == [
        "Alice changed status from On hold to New",
        "Alice changed status from New to On hold",
    ]


def test_who_and_what_is_gone_since_breaks_nothing(ticket: Ticket, alice: User) -> None:
    team = a_team()
    tickets.change(ticket.pk, Changes(team_id=team.pk), by=alice)
    tickets.change(ticket.pk, Changes(team_id=None), by=alice)
    team.delete()
    Event.objects.update(by=None)

    assert texts(ticket)[:2] == [
        "Somebody took team one that is gone away",
        "Somebody set team one that is gone",
    ]


def test_no_more_than_a_hundred_are_said_in_three_queries(
    ticket: Ticket, alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    decide(ticket)
    moment = timezone.now() - timedelta(days=1)
    Event.objects.bulk_create(
        Event(
            kind="ticket.updated",
            ticket=ticket,
            by=alice,
            changes={"assignee_id": [None, bob.pk]},
            created_at=moment,
        )
        for _ in range(SHOWN_AT_MOST + 20)
    )

    with django_assert_num_queries(3):
        found = activity_of(ticket)

    assert len(found) == SHOWN_AT_MOST
