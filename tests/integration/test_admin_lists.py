"""Lists that never count large tables, and the pages of tickets and calls."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Team
from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.admin.lists import BoundedPaginator
from triage.models import Call, Certainty, Feature, Obtained, Requester, Ticket

TICKETS = "/admin/triage/ticket/"
CALLS = "/admin/triage/call/"


def titles(client: Client, **query: str) -> list[str]:
    return [ticket.title for ticket in client.get(TICKETS, query).context["cl"].result_list]


def add_requesters(number: int) -> None:
    Requester.objects.bulk_create(Requester(name=str(n)) for n in range(number))


@pytest.mark.parametrize(
    ("rows", "counted", "is_bounded"), [(0, 0, False), (10, 10, False), (11, 10, True)]
)
def test_a_paginator_counts_up_to_its_limit(
    db: None, rows: int, counted: int, is_bounded: bool
) -> None:
    add_requesters(rows)

    paginator = BoundedPaginator(Requester.objects.order_by("id"), 4, limit=10)

    assert (paginator.count, paginator.is_bounded) == (counted, is_bounded)


def test_a_paginator_asks_the_database_for_no_more_than_its_limit(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    paginator = BoundedPaginator(Requester.objects.order_by("id"), 4, limit=10)

    with django_assert_num_queries(1) as captured:
        assert paginator.count == 0

    assert "LIMIT 11" in captured.captured_queries[0]["sql"]


def test_a_list_of_more_than_a_thousand_says_so_and_goes_on(as_bob: Client) -> None:
    Call.objects.bulk_create(
        Call(feature=Feature.CLASSIFY, by=add_call().by, fingerprint="f", model_asked=HAIKU)
        for _ in range(1_010)
    )

    first = as_bob.get(CALLS)
    twentieth = as_bob.get(CALLS, {"p": "20"})
    last = as_bob.get(CALLS, {"p": "41"})

    assert "1,000+ calls" in " ".join(first.text.split())
    assert "?p=21" in twentieth.text
    assert "2,020 calls" in " ".join(last.text.split())
    assert len(last.context["cl"].result_list) == 20


@pytest.mark.parametrize("page", ["x", "0", "-1", "9" * 5_000, "99999999", "²", "1e3"])
def test_a_page_that_is_none_is_no_error(page: str, as_bob: Client) -> None:
    assert as_bob.get(TICKETS, {"p": page}, follow=True).status_code == 200


@pytest.mark.parametrize(
    "query", [{"status__exact": "x"}, {"label__id__exact": "x"}, {"nonsense": "1"}, {"o": "99"}]
)
def test_a_filter_that_is_none_is_no_error(query: dict[str, str], as_bob: Client) -> None:
    assert as_bob.get(TICKETS, query, follow=True).status_code == 200


def test_tickets_are_found_by_their_words_and_their_number(as_bob: Client) -> None:
    add_ticket("Charged twice", "In May.")
    parcel = add_ticket("Where is it?", "My parcel is late.", email="b@example.com")

    assert titles(as_bob, q="parcel late") == ["Where is it?"]
    assert titles(as_bob, q=f"#{parcel.pk}") == ["Where is it?"]
    assert titles(as_bob, q="charged -may") == []


@pytest.mark.parametrize("words", ["'; drop", "\x00", "#99999999999999999999", '"', "a & | !"])
def test_no_search_is_an_error(words: str, as_bob: Client) -> None:
    add_ticket()

    assert as_bob.get(TICKETS, {"q": words}, follow=True).status_code == 200


def test_tickets_are_filtered_by_the_state_of_their_triage(as_bob: Client) -> None:
    add_labels()
    decide(add_ticket("Decided"))
    add_ticket("Waits")

    assert titles(as_bob, triage__state__exact="done") == ["Decided"]
    assert titles(as_bob, triage__state__exact="queued") == ["Waits"]


@pytest.mark.parametrize("rows", [1, 30])
def test_a_list_takes_the_same_queries_however_long_it_is(
    rows: int, as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    labels = add_labels()
    for number in range(rows):
        ticket = add_ticket(f"Ticket {number}")
        decide(ticket)
        add_attempt(add_call(about_id=str(ticket.pk)), number)
    Ticket.objects.update(label=labels["billing-wrong-charge"], team=Team.objects.get())

    with django_assert_max_num_queries(7):
        as_bob.get(TICKETS)
    with django_assert_max_num_queries(4):
        as_bob.get(CALLS)


def test_a_ticket_leads_to_the_workspace_and_to_its_calls(as_bob: Client) -> None:
    ticket = add_ticket("<script>alert(1)</script>")
    mine, other = add_call(about_id=str(ticket.pk)), add_call(about_id="999")

    page = as_bob.get(f"{TICKETS}{ticket.pk}/change/").text
    calls = as_bob.get(CALLS, {"about_kind": "ticket", "about_id": str(ticket.pk)})

    assert f'href="/tickets/{ticket.pk}/"' in page
    assert f"?about_kind=ticket&amp;about_id={ticket.pk}" in page
    assert "<script>alert(1)" not in page
    assert list(calls.context["cl"].result_list) == [mine]
    assert other.pk != mine.pk


def test_calls_are_filtered_by_model_and_by_how_they_were_obtained(as_bob: Client) -> None:
    first = add_call()
    fallback = add_call(obtained=Obtained.FALLBACK)
    Call.objects.filter(pk=fallback.pk).update(model_served=SONNET)

    by_model = as_bob.get(CALLS, {"model": SONNET}).context["cl"].result_list
    by_way = as_bob.get(CALLS, {"obtained__exact": "first"}).context["cl"].result_list

    assert list(by_model) == [fallback]
    assert list(by_way) == [first]


def test_a_call_shows_its_attempts_as_they_were_billed(as_bob: Client) -> None:
    call = add_call(Feature.ESCALATE, about_id="7", cost_nanousd=142_300, latency_ms=2_345)
    add_attempt(
        call,
        0,
        certainty=Certainty.NONE,
        http_status=529,
        error="overloaded",
        error_text="Claude is overloaded <just now>.",
    )
    add_attempt(
        call,
        142_300,
        number=2,
        at=NOON + timedelta(seconds=1),
        http_status=200,
        request_id="req_0123",
        cache_read_tokens=2_917,
        rate_limits={"anthropic-ratelimit-requests-remaining": "3999"},
    )

    html = " ".join(as_bob.get(f"{CALLS}{call.pk}/change/").text.split())

    for text in (
        "1. Haiku 5.5",
        "overloaded · HTTP 529",
        "Claude is overloaded &lt;just now&gt;.",
        "req_0123",
        "2,917",
        "$0.0001423",
        "2,345 ms",
        "requests-remaining",
        "input usd per mtok",
    ):
        assert text in html
