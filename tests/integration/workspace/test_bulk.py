"""One change of many tickets: by the rules of a single change, all or none, in a bounded number of statements."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.integration.workspace.cases import (
    LOGIN,
    REFUND,
    a_team,
    add_labels,
    add_many,
    add_ticket,
    change_all,
    decide,
    label_decision,
    reread,
    suggest_to,
    told,
)
from triage.exceptions import InvalidInput
from triage.models import BulkChange, Decision, Event, EventKind, Field, Label, Priority, Ticket
from triage.selectors.queue import Filters, View
from triage.services import tickets
from triage.services.tickets import BULK_AT_MOST, Selection, rows

STATEMENTS_AT_MOST = 20


def test_each_ticket_is_changed_and_told_of_as_if_it_were_changed_alone(alice: User) -> None:
    alone, *many = add_many(3)
    tickets.change(alone.pk, tickets.Changes(status="solved"), by=alice)

    change_all(many, "status", "solved", by=alice)

    for ticket in many:
        now = reread(ticket)
        assert (now.status, now.version, now.is_finished) == ("solved", 2, True)
        assert now.solved_at is not None
        assert now.updated_at > ticket.updated_at
        assert told(ticket) == told(alone)


def test_a_change_of_the_team_or_the_priority_is_a_persons(alice: User) -> None:
    (ticket,) = add_many(1)
    team = a_team()

    change_all([ticket], "team", "trust", by=alice)
    change_all([ticket], "priority", "high", by=alice)

    now = reread(ticket)
    assert (now.team, now.priority) == (team, "high")
    assert now.set_by_person == ["priority", "team"]
    assert [kind for kind, _ in told(ticket)] == [
        EventKind.TICKET_UPDATED,
        EventKind.TICKET_ASSIGNED,
        EventKind.TICKET_UPDATED,
    ]


@pytest.mark.parametrize(
    ("action", "field", "after"),
    [("assign", "assignee_id", None), ("team", "team_id", None), ("priority", "priority", "")],
)
def test_an_empty_value_takes_away_what_is_there(
    action: str, field: str, after: object, alice: User, bob: User
) -> None:
    (ticket,) = add_many(1, assignee=bob, team=a_team(), priority="low")

    change_all([ticket], action, "", by=alice)

    assert getattr(reread(ticket), field) == after


def test_a_label_chosen_for_many_corrects_each_and_takes_its_team_along(alice: User) -> None:
    labels = add_labels()
    many = add_many(2)
    suggest_to(many, labels[LOGIN])

    change_all(many, "label", REFUND, by=alice)

    for ticket in many:
        now, decision = reread(ticket), label_decision(ticket)
        assert (now.label, now.team) == (labels[REFUND], labels[REFUND].team)
        assert (now.needs_review, now.set_by_person) == (False, ["label"])
        assert (decision.corrected_to, decision.corrected_by) == (REFUND, alice)
        assert now.suggested_label == labels[LOGIN]
        assert told(ticket) == [(EventKind.TRIAGE_CORRECTED, {"label": [None, REFUND]})]


def test_accepting_takes_each_tickets_own_suggestion_and_an_unset_priority(alice: User) -> None:
    add_labels()
    charge, login = add_ticket("charge"), add_ticket("login")
    decide(charge, REFUND, sides={Field.PRIORITY: ("high", 0.7)})
    decide(login, LOGIN)

    change_all([charge, login], "accept", "", by=alice)

    first, second = reread(charge), reread(login)
    assert (first.label, first.priority) == (Label.objects.get(slug=REFUND), "high")
    assert (second.label, second.priority) == (Label.objects.get(slug=LOGIN), "")
    assert first.set_by_person == ["label", "priority"]
    assert label_decision(charge).corrected_to == REFUND


@pytest.mark.parametrize("decision", [Decision.WITHHELD, Decision.SUGGESTED])
def test_accepting_leaves_alone_what_was_withheld(decision: Decision, alice: User) -> None:
    add_labels()
    ticket = add_ticket()
    decide(ticket, confidence=0.3, decision=decision)

    change_all([ticket], "accept", "", by=alice)

    assert (reread(ticket).label is None) is (decision == Decision.WITHHELD)


def test_accepting_leaves_alone_what_a_person_chose_otherwise(alice: User, bob: User) -> None:
    labels = add_labels()
    ticket = add_ticket()
    decide(ticket, REFUND)
    tickets.correct_label(ticket.pk, label=LOGIN, by=bob)

    change_all([ticket], "accept", "", by=alice)

    assert reread(ticket).label == labels[LOGIN]
    assert label_decision(ticket).corrected_by == bob


def test_accepting_takes_no_label_that_was_retired_since(alice: User) -> None:
    add_labels()
    ticket = add_ticket()
    decide(ticket, REFUND)
    Label.objects.filter(slug=REFUND).update(is_active=False)

    change_all([ticket], "accept", "", by=alice)

    assert reread(ticket).label is None


@pytest.mark.parametrize(
    ("action", "value"),
    [("status", "solved"), ("label", LOGIN), ("accept", ""), ("priority", "high")],
)
def test_the_same_twice_changes_nothing_twice(action: str, value: str, alice: User) -> None:
    labels = add_labels()
    many = add_many(3)
    suggest_to(many, labels[REFUND])
    first = change_all(many, action, value, by=alice)
    before = [(reread(ticket).version, told(ticket)) for ticket in many]

    second = change_all(many, action, value, by=alice)

    assert (len(first.befores), second.befores) == (3, [])
    assert [(reread(ticket).version, told(ticket)) for ticket in many] == before


def test_all_that_match_are_those_that_the_person_sees(alice: User, bob: User) -> None:
    mine, others = add_many(2, assignee=alice), add_many(2, assignee=bob)
    selection = Selection(filters=Filters(View.MINE))

    tickets.change_in_bulk(selection, action="status", value="solved", by=alice)

    assert {reread(ticket).status for ticket in mine} == {"solved"}
    assert {reread(ticket).status for ticket in others} == {"new"}


def test_of_more_than_are_taken_at_once_the_first_of_the_queue_are(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.services.tickets.bulk.asking.BULK_AT_MOST", 3)
    many = add_many(5, needs_review=True)

    tickets.change_in_bulk(Selection(filters=Filters()), action="priority", value="high", by=alice)

    changed = Ticket.objects.filter(priority="high").values_list("pk", flat=True)
    assert sorted(changed) == [ticket.pk for ticket in many[:3]]


@pytest.mark.parametrize(
    ("action", "value", "field"),
    [
        ("assign", "99", "assignee_id"),
        ("assign", "me", "assignee_id"),
        ("assign", "9" * 30, "assignee_id"),
        ("team", "nobody", "team"),
        ("team", "\0", "team"),
        ("label", "", "label"),
        ("label", "\0", "label"),
        ("priority", "medium", "priority"),
        ("status", "", "status"),
        ("explode", "", "action"),
    ],
)
def test_a_value_that_is_unusable_is_named_and_nothing_is_changed(
    action: str, value: str, field: str, alice: User
) -> None:
    many = add_many(2)

    with pytest.raises(InvalidInput) as refused:
        change_all(many, action, value, by=alice)

    assert refused.value.field == field
    assert not BulkChange.objects.exists()
    assert {reread(ticket).version for ticket in many} == {1}


def test_nobody_is_assigned_who_does_not_work_tickets(alice: User, charlie: User) -> None:
    with pytest.raises(InvalidInput):
        change_all(add_many(1), "assign", str(charlie.pk), by=alice)


@pytest.mark.parametrize("selection", [Selection(), Selection(ids=(1,), filters=Filters())])
def test_tickets_are_either_chosen_or_all_that_match(selection: Selection, alice: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        tickets.change_in_bulk(selection, action="priority", value="", by=alice)

    assert refused.value.field == "tickets"


def test_ids_that_are_nobodys_are_passed_over(alice: User) -> None:
    (ticket,) = add_many(1)
    selection = Selection(ids=(ticket.pk, ticket.pk, 0, -1, 10**30, ticket.pk + 1000))

    change = tickets.change_in_bulk(selection, action="priority", value="low", by=alice)

    assert [row["id"] for row in change.befores] == [ticket.pk]


def test_nothing_is_changed_where_one_ticket_cannot_be_saved(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = add_many(2)
    monkeypatch.setattr(Event.objects, "bulk_create", _fail)

    with pytest.raises(ZeroDivisionError):
        change_all(many, "priority", "high", by=alice)

    assert {reread(ticket).priority for ticket in many} == {""}


@pytest.mark.parametrize("action", ["assign", "team", "label", "priority", "status", "accept"])
def test_many_cost_no_more_statements_than_few(action: str, alice: User) -> None:
    labels, team = add_labels(), a_team()
    values = {"assign": str(alice.pk), "team": team.slug, "label": LOGIN}
    values |= {"priority": Priority.HIGH.value, "status": "solved", "accept": ""}
    late = labels["delivery-late"]
    few, many = add_many(2, label=late), add_many(60, label=late)
    for some in (few, many):
        suggest_to(some, labels[REFUND])

    counts = []
    for some in (few, many):
        with CaptureQueriesContext(connection) as seen:
            change_all(some, action, values[action], by=alice)
        counts.append(len(seen))

    assert counts[0] == counts[1] <= STATEMENTS_AT_MOST
    assert BULK_AT_MOST == 500


@pytest.mark.django_db(transaction=True)
def test_two_who_take_all_unassigned_at_once_do_not_take_them_from_each_other(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = add_many(10)
    both_have_chosen = Barrier(2)
    lock = rows.all_locked

    def lock_together(chosen: QuerySet[Ticket]) -> list[Ticket]:
        both_have_chosen.wait(timeout=10)
        return lock(chosen)

    def take(user: User) -> int:
        try:
            selection = Selection(filters=Filters(View.UNASSIGNED))
            change = tickets.change_in_bulk(selection, action="assign", value=str(user.pk), by=user)
            return len(change.befores)
        finally:
            connection.close()

    monkeypatch.setattr(rows, "all_locked", lock_together)
    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(take, (alice, bob)))

    assert sorted(taken) == [0, 10]
    assert {reread(ticket).version for ticket in many} == {2}


def _fail(*args: object, **kwargs: object) -> None:
    raise ZeroDivisionError
