"""The workspace's forms without JavaScript, and with what nobody should send: each answers in words and loses nothing."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from tests.integration.drafts.cases import ready
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import Message, SavedView, Status, Ticket
from triage.services import tickets
from triage.services.tickets import Changes
from triage.web.keymap import KEYMAP

HTMX = {"HX-Request": "true"}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ticket(db: None) -> Ticket:
    add_labels()
    ticket = add_ticket()
    decide(ticket)
    return ticket


def change(client: Client, ticket: Ticket, field: str, value: str, **more: object) -> str:
    data = {"field": field, "value": value, "version": ticket.version, **more}
    return client.post(f"/tickets/{ticket.pk}/change/", data, headers=HTMX).text


# --- a ticket's fields


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("status", "lost", "status: must be one of"),
        ("priority", "highest", "priority: must be one of"),
        ("team", "x", "team: is unusable"),
        ("team", "9" * 15, "there is no team"),
        ("assignee", "9" * 400, "assignee: is unusable"),
        ("subject", "Mine", "is none that can be set here"),
        ("", "", "is none that can be set here"),
    ],
)
def test_rubbish_in_a_field_is_refused_by_name(
    field: str, value: str, words: str, ticket: Ticket, as_alice: Client
) -> None:
    assert words in change(as_alice, ticket, field, value)

    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority, ticket.assignee) == (Status.NEW, "", None)


def test_a_change_offers_to_be_taken_back(ticket: Ticket, as_alice: Client) -> None:
    answer = change(as_alice, ticket, "priority", "urgent")

    assert "Priority: Urgent" in answer
    assert re.search(
        r'name="value" value="">\s*<input type="hidden" name="version" value="3"', answer
    )


def test_a_clash_names_both_values(ticket: Ticket, as_alice: Client, bob: User) -> None:
    tickets.change(ticket.pk, Changes(status=Status.HOLD), by=bob)

    answer = change(as_alice, ticket, "status", "solved")

    assert "<dd>On hold</dd>" in answer
    assert "<dd>Solved</dd>" in answer
    assert "Save mine anyway" in answer
    ticket.refresh_from_db()
    assert ticket.status == Status.HOLD


def test_without_javascript_a_change_comes_back_as_the_page(
    ticket: Ticket, as_alice: Client
) -> None:
    data = {"field": "status", "value": "open", "version": ticket.version}

    response = as_alice.post(f"/tickets/{ticket.pk}/change/", data, follow=True)

    assert "Status: Open." in response.text


@pytest.mark.parametrize("next_id", ["8", "", "x", "//evil.example/"])
def test_going_on_leads_to_a_ticket_or_to_the_queue(
    next_id: str, ticket: Ticket, as_alice: Client
) -> None:
    data = {"field": "status", "value": "solved", "next": next_id}

    response = as_alice.post(f"/tickets/{ticket.pk}/change/", data)

    expected = {"8": "/tickets/8/", "": f"/tickets/{ticket.pk}/"}.get(next_id, "/")
    assert response.headers["Location"] == expected


# --- writing


def test_an_empty_reply_is_refused_and_an_unusable_one_keeps_its_text(
    ticket: Ticket, as_alice: Client
) -> None:
    path = f"/tickets/{ticket.pk}/messages/"

    response = as_alice.post(path, {"body": "  ", "public": "yes"}, headers=HTMX)

    assert response.status_code == 422
    assert "Write something first." in response.text
    assert not Message.objects.exists()


def test_a_reply_without_a_draft_is_a_public_message(ticket: Ticket, as_alice: Client) -> None:
    response = as_alice.post(
        f"/tickets/{ticket.pk}/messages/", {"body": "On its way.", "public": "yes"}, follow=True
    )

    assert "Sent." in response.text
    assert Message.objects.get().is_public


def test_a_reply_to_a_stale_draft_is_asked_about_with_its_text_kept(
    ticket: Ticket, as_alice: Client, alice: User
) -> None:
    draft = ready(ticket.pk, by=alice, state="accepted", decided_by=alice)
    type(draft).objects.mark_stale(ticket.pk)

    response = as_alice.post(
        f"/tickets/{ticket.pk}/messages/", {"body": "My text", "public": "yes"}, headers=HTMX
    )

    assert response.status_code == 409
    assert "The customer has written again" in response.text
    assert ">My text</textarea>" in response.text
    assert not Message.objects.exists()


def test_a_reply_that_is_too_long_is_refused_whole(ticket: Ticket, as_alice: Client) -> None:
    body = "x" * 200_000

    response = as_alice.post(
        f"/tickets/{ticket.pk}/messages/", {"body": body, "public": "yes"}, headers=HTMX
    )

    assert response.status_code == 422
    assert "200,000 characters are more than the 16,000" in response.text
    assert f">{body}</textarea>" in response.text
    assert not Message.objects.exists()


def test_a_reply_that_a_colleague_was_quicker_with_is_asked_about(
    ticket: Ticket, as_alice: Client, bob: User
) -> None:
    tickets.add_message(ticket.pk, body="Done.", by=bob)
    reply = {"body": "Me too", "public": "yes", "seen": 0}

    asked = as_alice.post(f"/tickets/{ticket.pk}/messages/", reply, headers=HTMX)
    sent = as_alice.post(
        f"/tickets/{ticket.pk}/messages/", {**reply, "stale_ok": "yes"}, headers=HTMX
    )

    assert (asked.status_code, sent.status_code) == (409, 200)
    assert "Bob has answered" in asked.text
    assert Message.objects.count() == 2


def test_an_own_reply_discards_the_draft_that_was_not_used(
    ticket: Ticket, as_alice: Client, alice: User
) -> None:
    draft = ready(ticket.pk, by=alice)

    as_alice.post(f"/tickets/{ticket.pk}/messages/", {"body": "Mine.", "public": "yes"})

    draft.refresh_from_db()
    assert draft.state == "discarded"


def test_after_solving_and_going_on_the_solving_can_be_taken_back(
    ticket: Ticket, as_alice: Client
) -> None:
    other = add_ticket("Another", email="other@example.com")
    data = {"field": "status", "value": "solved", "next": other.pk, "version": ticket.version}

    page = as_alice.post(f"/tickets/{ticket.pk}/change/", data, follow=True).text

    assert f"#{ticket.pk}: Status: Solved" in page
    undo = {"field": "status", "value": "new", "version": ticket.version + 1}
    as_alice.post(f"/tickets/{ticket.pk}/change/", undo)
    ticket.refresh_from_db()
    assert ticket.status == Status.NEW


def test_pages_are_kept_by_no_browser(ticket: Ticket, as_alice: Client) -> None:
    assert as_alice.get(f"/tickets/{ticket.pk}/").headers["Cache-Control"] == "no-store"


# --- many at once


@pytest.mark.parametrize("wanted", ["", "explode:1", "team:nowhere", "assign:x", "priority:wild"])
def test_a_bulk_change_that_means_nothing_is_refused_in_words(
    wanted: str, ticket: Ticket, as_alice: Client
) -> None:
    data = {"ids": [ticket.pk], "change": wanted, "query": "?view=open"}

    preview = as_alice.post("/queue/bulk/preview/", data)
    applied = as_alice.post("/queue/bulk/", data, follow=True)

    assert preview.status_code == 422
    assert "Nothing was changed" in preview.text
    assert "Nothing was changed" in applied.text


def test_a_bulk_change_works_without_javascript_and_only_its_maker_takes_it_back(
    ticket: Ticket, as_alice: Client, bob: User
) -> None:
    data = {"ids": [ticket.pk], "change": "priority:high", "query": "?view=open"}

    preview = as_alice.post("/queue/bulk/preview/", data).text
    queue = as_alice.post("/queue/bulk/", data, follow=True).text

    assert "This changes 1 ticket" in preview
    undo = re.search(r'action="(/queue/bulk/\d+/undo/)"', queue)
    assert undo is not None
    other = Client()
    other.force_login(bob)
    assert "no such change of yours" in other.post(undo[1], follow=True).text
    assert "1 ticket as before." in as_alice.post(undo[1], follow=True).text


# --- views, drafts, prompts


def test_a_view_with_a_name_that_is_taken_says_so(ticket: Ticket, as_alice: Client) -> None:
    data = {"name": "Mine", "query": "?view=open", "sharing": "private"}
    as_alice.post("/queue/views/", data)

    response = as_alice.post("/queue/views/", data, follow=True)

    assert "The view was not saved" in response.text
    assert SavedView.objects.count() == 1


def test_nobody_deletes_a_view_of_somebody_else(
    ticket: Ticket, as_alice: Client, bob: User
) -> None:
    theirs = SavedView.objects.create(owner=bob, name="Bob's", query={"view": "open"})

    as_alice.post(f"/queue/views/{theirs.pk}/delete/")

    assert SavedView.objects.exists()


@pytest.mark.parametrize(
    "wish", [{"tone": "rude"}, {"continues": "999999"}, {"steer": "x" * 301, "tone": "rude"}]
)
def test_a_draft_that_cannot_be_asked_for_so_is_refused_in_the_layer(
    wish: dict[str, str], ticket: Ticket, as_alice: Client
) -> None:
    response = as_alice.post(f"/tickets/{ticket.pk}/draft/new/", wish, headers=HTMX)

    assert response.status_code == 409
    assert 'role="alert"' in response.text


def test_a_prompt_that_is_gone_is_explained(as_alice: Client) -> None:
    response = as_alice.get("/calls/123456/prompt/")

    assert response.status_code == 404
    assert "removed after 30 days" in response.text


# --- the pulse


def test_an_unchanged_pulse_is_not_sent_again(ticket: Ticket, as_alice: Client) -> None:
    path = f"/queue/pulse/?view=review&shown={ticket.pk}"
    first = as_alice.get(path)

    again = as_alice.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert json.loads(first.content) == {"notices": [], "new": 0, "gone": [], "viewers": {}}
    assert again.status_code == 304


def test_a_pulse_after_the_login_has_ended_says_so_and_leads_nowhere(
    client: Client, db: None
) -> None:
    response = client.get("/queue/pulse/", headers={"Accept": "application/json"})

    assert response.status_code == 401


def test_a_part_asked_for_after_the_login_has_ended_is_no_login_page(
    client: Client, ticket: Ticket
) -> None:
    response = client.post(f"/tickets/{ticket.pk}/label/", {}, headers=HTMX)

    assert response.status_code == 401
    assert response.content == b""


# --- keys


def test_every_key_of_the_help_stands_on_a_control() -> None:
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static" / "workspace").glob("*.js")]
    text = "".join(path.read_text() for path in sources)
    on_controls = set(re.findall(r'data-key="([^"{]+)"', text)) | set(
        re.findall(r'event\.key === "([^"]+)"', text)
    )
    passed = set(re.findall(r'\bkey="(\w+)"', text)) | {"Enter"}  # a link's own key
    properties = {"s", "p", "t", "a"}  # from the view, as the alternatives' numbers are

    promised = {key for _, keys in KEYMAP for line in keys for key in line.keys.split()}

    assert promised - on_controls - passed - properties - {"1", "2", "3"} == set()
