"""What a change of many would do is said before, in words, and is what it then does."""

import pytest
from pytest_django import DjangoAssertNumQueries

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
    suggest_to,
)
from triage.exceptions import InvalidInput
from triage.models import BulkChange, Decision, Event, Field, Label, Ticket
from triage.selectors.queue import Filters, View
from triage.services import tickets
from triage.services.tickets import BulkLine, BulkPreview, Selection

ALL = Selection(filters=Filters(View.OPEN))


def preview(action: str, value: str, *, by: User) -> BulkPreview:
    return tickets.preview_bulk(ALL, action=action, value=value, by=by)


def test_a_preview_says_what_becomes_of_what_the_most_frequent_first(
    alice: User, bob: User
) -> None:
    add_many(1, assignee=bob)
    add_many(3)
    add_many(2, assignee=alice)

    seen = preview("assign", str(alice.pk), by=alice)

    assert seen.changes == (BulkLine("Nobody", "Alice", 3), BulkLine("Bob", "Alice", 1))
    assert (seen.matched, seen.unchanged, seen.untouched, seen.is_capped) == (6, 2, 0, False)


@pytest.mark.parametrize(
    ("action", "value", "line"),
    [
        ("team", "", BulkLine("Trust", "No team", 1)),
        ("priority", "high", BulkLine("No priority", "High", 1)),
        ("status", "solved", BulkLine("New", "Solved", 1)),
        ("label", LOGIN, BulkLine("No label", "Login and access", 1)),
    ],
)
def test_a_preview_speaks_in_names(action: str, value: str, line: BulkLine, alice: User) -> None:
    add_labels()
    add_many(1, team=a_team())

    assert preview(action, value, by=alice).changes == (line,)


def test_a_preview_of_accepting_tells_what_is_taken_confirmed_and_left(alice: User) -> None:
    add_labels()
    decide(add_ticket("suggested"), REFUND, sides={Field.PRIORITY: ("high", 0.7)})
    decide(add_ticket("applied"), LOGIN, 0.95, decision=Decision.APPLIED)
    decide(add_ticket("withheld"), confidence=0.2, decision=Decision.WITHHELD)
    add_ticket("waiting")

    seen = preview("accept", "", by=alice)

    assert seen.changes == (
        BulkLine("Login and access", "Login and access, confirmed", 1),
        BulkLine("No label", "Wrong charge", 1),
        BulkLine("No priority", "High", 1),
    )
    assert (seen.matched, seen.unchanged, seen.untouched) == (4, 0, 2)


def test_a_preview_writes_nothing(alice: User) -> None:
    add_many(2)

    preview("status", "solved", by=alice)

    assert not Ticket.objects.exclude(status="new", version=1).exists()
    assert not BulkChange.objects.exists()
    assert not Event.objects.exists()


def test_after_the_change_a_preview_finds_all_unchanged(alice: User) -> None:
    many = add_many(3)
    change_all(many, "priority", "low", by=alice)

    seen = preview("priority", "low", by=alice)

    assert (seen.changes, seen.unchanged) == ((), 3)


def test_a_preview_shows_eight_kinds_of_changes_at_most(alice: User) -> None:
    for number in range(10):
        label = Label.objects.create(slug=f"label-{number}", name=f"Label {number}")
        add_many(1, label=label)
    Label.objects.create(slug="other", name="Other")

    assert len(preview("label", "other", by=alice).changes) == 8


def test_a_preview_says_that_more_match(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.services.tickets.bulk.asking.BULK_AT_MOST", 3)
    many = add_many(4)

    of_view = preview("priority", "low", by=alice)
    of_chosen = tickets.preview_bulk(
        Selection(ids=tuple(ticket.pk for ticket in many)),
        action="priority",
        value="low",
        by=alice,
    )

    assert (of_view.matched, of_view.is_capped) == (3, True)
    assert (of_chosen.matched, of_chosen.is_capped) == (3, True)


def test_a_preview_refuses_what_the_change_would_refuse(alice: User) -> None:
    with pytest.raises(InvalidInput, match="status"):
        preview("status", "lost", by=alice)


@pytest.mark.parametrize(("action", "value"), [("accept", ""), ("assign", ""), ("team", "")])
def test_a_preview_of_many_costs_few_queries(
    action: str,
    value: str,
    alice: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    labels = add_labels()
    suggest_to(add_many(60, assignee=alice), labels[REFUND])

    with django_assert_max_num_queries(6):
        preview(action, value, by=alice)
