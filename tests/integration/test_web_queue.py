import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import Decision, State, Triage

INLINE = re.compile(
    r"""\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)|javascript:""", re.IGNORECASE
)


def test_the_queue_opens_with_what_needs_review(as_alice: Client) -> None:
    add_labels()
    decide(add_ticket("doubtful"))
    decide(add_ticket("applied"), confidence=0.97, decision=Decision.APPLIED)

    page = as_alice.get("/").text

    assert "doubtful" in page
    assert "58 %?" in page
    assert "or Login and access 31 %" in page
    assert "applied" not in page


def test_a_sure_label_shows_no_confidence(as_alice: Client) -> None:
    add_labels()
    decide(add_ticket(), confidence=0.97, decision=Decision.APPLIED)

    page = as_alice.get("/?view=open").text

    assert "Wrong charge" in page
    assert "97 %" not in page


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        (State.QUEUED, "triage running"),
        (State.RUNNING, "triage running"),
        (State.SKIPPED, "AI skipped"),
    ],
)
def test_a_row_says_how_its_triage_stands(state: State, mark: str, as_alice: Client) -> None:
    ticket = add_ticket()
    now = timezone.now()
    Triage.objects.filter(ticket=ticket).update(state=state, skip_reason="x", lease_until=now)

    assert f">{mark}</span>" in as_alice.get("/?view=open").text


def test_a_full_page_takes_at_most_twelve_queries(
    as_alice: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_labels()
    for number in range(55):
        decide(add_ticket(f"ticket {number}", email=f"{number}@example.com"))

    with django_assert_max_num_queries(12):
        page = as_alice.get("/?label=billing-wrong-charge&text=billed")

    assert page.text.count('<li class="row') == 50


def test_an_empty_page_takes_at_most_ten_queries(
    as_alice: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        as_alice.get("/")


def test_pages_lead_on_and_back_and_keep_the_filters(as_alice: Client) -> None:
    for number in range(60):
        add_ticket(f"ticket {number}")

    first = as_alice.get("/?view=open&status=new").text
    older = _link(first, "next")
    second = as_alice.get(f"/{older}").text
    newer = _link(second, "prev")

    assert "status=new" in older
    assert second.count("data-row") == 10
    assert as_alice.get(f"/{newer}").text.count("data-row") == 50
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in second


def test_a_cursor_past_the_end_leads_to_the_first_page(as_alice: Client) -> None:
    for number in range(60):
        add_ticket(f"ticket {number}")
    older = _link(as_alice.get("/?view=open").text, "next")

    response = as_alice.get(f"/{older}&text=nobody")

    assert response.status_code == 302
    assert response.headers["Location"] == "/?view=open&text=nobody"


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("after=rubbish", "That place in the list is not known"),
        ("after=%00", "That place in the list is not known"),
        ("view=nonsense", "There is no such view"),
        ("label=%00", "There is no such label"),
        ("priority=2", "There is no such priority"),
        ("status=gone", "There is no such status"),
        ("team='--", "There is no such team"),
    ],
)
def test_a_wrong_address_shows_the_first_page_and_says_what_was_left_out(
    query: str, note: str, as_alice: Client
) -> None:
    add_labels()
    decide(add_ticket("still here"))

    response = as_alice.get(f"/?{query}")

    assert response.status_code == 200
    assert note in response.text
    assert "still here" in response.text


@pytest.mark.parametrize("text", ["%00", "%27", "%22%22", "%5C", "a" * 5_000, "%F0%9F%8C%B5"])
def test_no_search_breaks_the_page(text: str, as_alice: Client) -> None:
    assert as_alice.get(f"/?text={text}").status_code == 200


def test_an_empty_installation_says_how_tickets_come_in(as_alice: Client) -> None:
    assert "manage.py import_tickets" in as_alice.get("/").text


def test_nothing_to_review_is_good_news(as_alice: Client) -> None:
    add_ticket()

    assert "Nothing to review" in as_alice.get("/").text


def test_filters_that_match_nothing_can_be_cleared(as_alice: Client) -> None:
    add_ticket()

    page = as_alice.get("/?view=open&text=unheard")

    assert "Nothing matches these filters" in page.text
    assert 'href="/?view=open"' in page.text


def test_a_customers_markup_stays_text(as_alice: Client) -> None:
    add_ticket("<script>alert(1)</script>", name="<img src=x onerror=alert(1)>")

    page = as_alice.get("/?view=open").text

    assert "&lt;script&gt;alert(1)" in page
    assert "<img" not in page


def test_pages_carry_nothing_inline(as_alice: Client) -> None:
    add_labels()
    ticket = add_ticket()
    decide(ticket)

    for path in ("/", f"/tickets/{ticket.pk}/", "/nothing/"):
        assert not INLINE.search(as_alice.get(path).text)


def test_an_unchanged_rail_is_not_sent_again(as_alice: Client) -> None:
    add_ticket()
    first = as_alice.get("/queue/rail/?view=open")
    etag = {"If-None-Match": first.headers["ETag"]}

    unchanged = as_alice.get("/queue/rail/?view=open", headers=etag)
    add_ticket("another")
    changed = as_alice.get("/queue/rail/?view=open", headers=etag)

    assert (first.status_code, unchanged.status_code, changed.status_code) == (200, 304, 200)


def _link(page: str, rel: str) -> str:
    found = re.search(rf'<a href="/([^"]*)" rel="{rel}"', page)
    assert found
    return found.group(1).replace("&amp;", "&")
