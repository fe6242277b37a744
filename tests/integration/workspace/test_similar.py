"""Similar tickets share telling words; however many there are, a bounded number is looked at."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.integration.workspace.cases import REFUND, add_labels, add_many, add_ticket
from triage.models import Message, Ticket
from triage.selectors import telling
from triage.selectors.similar import similar_tickets
from triage.selectors.telling import telling_words
from triage.services import tickets

KETTLE = "My kettle leaks at the spout since Friday."


def similar_to(ticket: Ticket, **given: int) -> list[str]:
    return [similar.title for similar in similar_tickets(ticket, **given)]


def ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def others(db: None) -> list[Ticket]:
    """Forty tickets that say what every ticket says."""
    made = add_many(40, description="Hello, my order from last week has a problem, please help.")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE triage_ticket")  # how many there are, whatever stood there before
    return made


def test_tickets_that_share_telling_words_are_found_and_not_the_ticket_itself(
    others: list[Ticket],
) -> None:
    leak = add_ticket("Broken kettle", KETTLE)
    add_ticket("Kettle again", "Hello, the kettle leaks from its spout. Please help.")
    add_ticket("Lemon", "A lemon tree arrived.")

    assert similar_to(leak) == ["Kettle again"]


def test_more_and_rarer_words_in_common_come_first(others: list[Ticket]) -> None:
    leak = add_ticket("Leak", KETTLE)
    add_ticket("two words", "The kettle leaks.", created_at=ago(1))
    add_ticket("three words", "The kettle leaks at its spout.", created_at=ago(9))

    assert similar_to(leak) == ["three words", "two words"]


def test_among_equals_what_is_solved_comes_first_then_the_newest(others: list[Ticket]) -> None:
    leak = add_ticket("Leak", KETTLE)
    for subject, days, status in (
        ("solved", 9, "solved"),
        ("old", 5, "open"),
        ("new", 1, "open"),
    ):
        ticket = add_ticket(subject, "The kettle leaks.", created_at=ago(days))
        Ticket.objects.filter(pk=ticket.pk).update(status=status)

    assert similar_to(leak) == ["solved", "new", "old"]


def test_one_word_in_common_makes_nothing_similar(others: list[Ticket]) -> None:
    leak = add_ticket("Leak", KETTLE)
    add_ticket("spout", "A teapot with a spout.")

    assert similar_to(leak) == []


def test_what_every_ticket_says_makes_nothing_similar(others: list[Ticket]) -> None:
    assert similar_to(others[0]) == []


def test_no_more_are_found_than_asked_for(others: list[Ticket]) -> None:
    leak = add_ticket("Leak", KETTLE)
    for number in range(3):
        add_ticket(f"kettle {number}", "The kettle leaks.")

    assert len(similar_to(leak, limit=2)) == 2


def test_a_solved_one_shows_how_it_was_answered_last(others: list[Ticket], alice: User) -> None:
    labels = add_labels()
    leak = add_ticket("Leak", KETTLE)
    solved = add_ticket("Kettle", "The kettle leaks.")
    tickets.correct_label(solved.pk, label=REFUND, by=alice)
    for body, is_public in (
        ("First.", True),
        ("A new lid\n\nis on its way.", True),
        ("Note.", False),
    ):
        tickets.add_message(solved.pk, body=body, by=alice, is_public=is_public)
    open_one = similar_tickets(leak)[0]
    Ticket.objects.filter(pk=solved.pk).update(status="solved")

    (found,) = similar_tickets(leak)

    assert (open_one.reply, found.reply) == ("", "A new lid is on its way.")
    assert (found.id, found.status) == (solved.pk, "solved")
    assert (found.label, found.opening) == (labels[REFUND].name, "The kettle leaks.")
    assert Message.objects.count() == 3


@pytest.mark.parametrize(
    "text", ["'", "\\' & !", "a:b | c", "https://example.com/?q='x'&y=\\z kettle leaks", "🫖 𝕏"]
)
def test_odd_words_are_words_and_no_queries(text: str, others: list[Ticket]) -> None:
    ticket = add_ticket(text, f"{text} {KETTLE}")
    add_ticket("Kettle", KETTLE)

    assert similar_to(ticket) == ["Kettle"]


def test_a_long_ticket_is_judged_by_a_dozen_words(others: list[Ticket]) -> None:
    words = " ".join(f"word{number}" for number in range(300))
    ticket = add_ticket("long", words)
    add_ticket("also long", words)

    assert len(telling_words(ticket.pk).weights) == telling.WORDS_AT_MOST
    assert similar_to(ticket) == ["also long"]


def test_words_in_too_many_tickets_to_list_count_in_pairs(
    others: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LISTED_AT_MOST", 3)
    monkeypatch.setattr(telling, "TELLING_SHARE", 0.5)
    add_many(8, description="The kettle is fine.")
    add_many(8, description="The spout is fine.")
    leak = add_ticket("Leak", "A kettle and a spout.")
    add_ticket("both", "Spout of a kettle.")

    assert similar_to(leak) == ["both"]


def test_the_words_that_the_statistics_know_are_judged_by_them(others: list[Ticket]) -> None:
    add_many(20, description="The kettle leaks.")
    add_many(9, description="A spout since Friday.")
    leak = add_ticket("Leak", KETTLE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE triage_ticket")

    weights = telling_words(leak.pk).weights

    assert {"spout", "friday"} <= weights.keys()
    assert not {"kettle", "leaks", "the"} & weights.keys()
    assert len(similar_to(leak)) == 5


def test_finding_them_costs_six_queries_at_most(
    others: list[Ticket], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    leak = add_ticket("Leak", KETTLE)
    for number in range(6):
        ticket = add_ticket(f"kettle {number}", "The kettle leaks.")
        Ticket.objects.filter(pk=ticket.pk).update(status="solved")

    with django_assert_max_num_queries(6):
        assert len(similar_tickets(leak)) == 5


def test_the_index_of_words_finds_them_and_no_more_than_a_bound_of_each(db: None) -> None:
    usual = " of a usual length" * 100
    add_many(600, description=f"The kettle leaks at the spout{usual}.")
    add_many(600, description=f"A lemon{usual}.")
    most = telling.LISTED_AT_MOST + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('ticket_search')")
        cursor.execute("ANALYZE triage_ticket")
        cursor.execute("EXPLAIN " + telling.LISTS, [["'kettle'", "'spout'"], most])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    lists = telling._lists([("kettle",), ("kettle", "spout")])

    assert "ticket_search" in plan
    assert "Seq Scan" not in plan
    assert [len(ids) for ids in lists.values()] == [most, most]
