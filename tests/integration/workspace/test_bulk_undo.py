"""A change of many tickets is taken back as one, once, by whoever made it; what has moved on since is left alone."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

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
from triage.exceptions import Conflict
from triage.models import BulkChange, Decision, EventKind, Field, Ticket
from triage.services import tickets
from triage.services.tickets import Changes, UndoneBulk

STATEMENTS_AT_MOST = 18


def state(ticket: Ticket) -> dict[str, object]:
    """All that a change may touch."""
    names = ("status", "priority", "label_id", "team_id", "assignee_id", "solved_at")
    now = Ticket.objects.filter(pk=ticket.pk).values(*names, "set_by_person", "needs_review")
    return dict(now.get())


def judged(ticket: Ticket) -> tuple[object, ...]:
    row = label_decision(ticket)
    return (row.corrected_to, row.corrected_by, row.corrected_at, row.correction_reason)


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("assign", ""),
        ("team", "trust"),
        ("priority", "high"),
        ("status", "closed"),
        ("label", LOGIN),
        ("accept", ""),
    ],
)
def test_what_is_taken_back_is_as_it_was(action: str, value: str, alice: User, bob: User) -> None:
    add_labels()
    a_team()
    first, second, third = add_ticket("1"), add_ticket("2"), add_ticket("3")
    decide(first, sides={Field.PRIORITY: ("urgent", 0.8)})
    decide(second, decision=Decision.APPLIED)
    decide(third, LOGIN)
    tickets.correct_label(third.pk, label=REFUND, by=bob, reason="two_topics")
    solved_at = timezone.now() - timedelta(days=3)
    Ticket.objects.filter(pk=second.pk).update(
        assignee=bob, status="solved", solved_at=solved_at, set_by_person=["team"]
    )
    many = [first, second, third]
    before = [(state(ticket), judged(ticket)) for ticket in many]
    change = change_all(many, action, value, by=alice)
    changed = [row["id"] for row in change.befores]

    undone = tickets.undo_bulk(change.pk, by=alice)

    assert undone == UndoneBulk(undone=len(changed), left_alone=0)
    assert len(changed) > 0
    assert [(state(ticket), judged(ticket)) for ticket in many] == before


def test_taking_back_is_told_and_makes_a_new_version(alice: User) -> None:
    (ticket,) = add_many(1)
    change = change_all([ticket], "status", "solved", by=alice)

    tickets.undo_bulk(change.pk, by=alice)

    assert reread(ticket).version == 3
    assert told(ticket)[-2:] == [
        (EventKind.TICKET_UPDATED, {"status": ["solved", "new"]}),
        (EventKind.STATUS_CHANGED, {"status": ["solved", "new"]}),
    ]


def test_taking_back_a_label_tells_of_the_label(alice: User) -> None:
    labels = add_labels()
    many = add_many(1)
    suggest_to(many, labels[LOGIN])
    change = change_all(many, "label", REFUND, by=alice)

    tickets.undo_bulk(change.pk, by=alice)

    assert told(many[0])[-1] == (EventKind.TICKET_UPDATED, {"label": [REFUND, None]})
    assert reread(many[0]).needs_review


def test_a_ticket_that_has_moved_on_since_is_left_alone(alice: User, bob: User) -> None:
    moved, still = many = add_many(2)
    change = change_all(many, "priority", "high", by=alice)
    tickets.change(moved.pk, Changes(priority="urgent"), by=bob)

    undone = tickets.undo_bulk(change.pk, by=alice)

    assert undone == UndoneBulk(undone=1, left_alone=1)
    assert (reread(moved).priority, reread(still).priority) == ("urgent", "")


def test_a_ticket_that_is_gone_or_whose_owner_is_gone_is_left_alone(alice: User) -> None:
    gone, orphan = add_many(1)[0], add_many(1, team=a_team())[0]
    change = change_all([gone, orphan], "team", a_team("billing").slug, by=alice)
    gone.delete()
    a_former = orphan.team
    assert a_former is not None
    a_former.delete()

    undone = tickets.undo_bulk(change.pk, by=alice)

    assert undone == UndoneBulk(undone=0, left_alone=2)


def test_a_change_is_taken_back_once(alice: User) -> None:
    change = change_all(add_many(1), "priority", "high", by=alice)
    tickets.undo_bulk(change.pk, by=alice)

    with pytest.raises(Conflict, match="already"):
        tickets.undo_bulk(change.pk, by=alice)


def test_nobody_takes_back_what_another_did(alice: User, bob: User) -> None:
    (ticket,) = add_many(1)
    change = change_all([ticket], "priority", "high", by=alice)

    with pytest.raises(BulkChange.DoesNotExist):
        tickets.undo_bulk(change.pk, by=bob)

    assert reread(ticket).priority == "high"


def test_taking_back_many_costs_no_more_statements_than_few(alice: User) -> None:
    labels = add_labels()
    counts = []
    for number in (2, 60):
        many = add_many(number)
        suggest_to(many, labels[REFUND])
        change = change_all(many, "accept", "", by=alice)
        with CaptureQueriesContext(connection) as seen:
            tickets.undo_bulk(change.pk, by=alice)
        counts.append(len(seen))

    assert counts[0] == counts[1] <= STATEMENTS_AT_MOST
