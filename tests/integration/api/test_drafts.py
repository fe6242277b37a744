"""Drafts over the API: asked for, read, followed as server-sent events, stopped, decided on, sent."""

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from accounts.models import User
from accounts.models.tokens import Scope
from tests.integration.api.client import ROOT, Api, api_as, fault_fields
from tests.integration.drafts.cases import ready, reread, written
from tests.integration.drafts.conftest import ticket
from triage.models import Article, ArticleKind, Draft, DraftState, Message, Ticket
from triage.models.tickets import AuthorKind
from triage.services import drafts, tickets
from triage.simulator import RunningSimulator

__all__ = ["ticket"]


@pytest.fixture
def api(charlie: User) -> Api:
    return api_as(charlie, scopes=[Scope.TICKETS_READ, Scope.TICKETS_WRITE, Scope.MESSAGES_SEND])


@pytest.fixture
def draft(ticket: Ticket, alice: User) -> Draft:
    return ready(ticket.pk, by=alice)


def test_a_draft_is_asked_for_and_found_where_the_answer_says(api: Api, ticket: Ticket) -> None:
    answer = api.post(f"/tickets/{ticket.pk}/drafts")

    draft = Draft.objects.get()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{ROOT}/drafts/{draft.pk}"
    assert (answer.json()["state"], answer.json()["ticket_id"]) == ("queued", ticket.pk)
    assert api.get(f"/drafts/{draft.pk}").json() == answer.json()


def test_a_written_draft_says_how_it_was_come_by_and_what_it_cost(
    api: Api, ticket: Ticket, claude: RunningSimulator
) -> None:
    api.post(f"/tickets/{ticket.pk}/drafts", {"fresh": True})
    draft = written(Draft.objects.get())

    said = api.get(f"/drafts/{draft.pk}").json()

    assert said["text"] == draft.text
    assert (said["state"], said["obtained"], said["fresh"]) == ("ready", "first", True)
    assert said["cost_usd"] == f"{draft.cost_nanousd / 1e9:.9f}"
    assert (said["error"], said["notice"], said["stale"]) == (None, None, False)


def test_the_same_key_twice_makes_one_draft_of_two_clicks(api: Api, ticket: Ticket) -> None:
    first = api.post(f"/tickets/{ticket.pk}/drafts", Idempotency_Key="k1")
    drafts.cancel(first.json()["id"], by=Draft.objects.get().by)

    again = api.post(f"/tickets/{ticket.pk}/drafts", Idempotency_Key="k1")

    assert again.json() == first.json()
    assert Draft.objects.count() == 1


def test_without_redis_it_is_a_503_with_a_reason(
    api: Api, ticket: Ticket, settings: Settings
) -> None:
    default = {**configured.CACHES["default"], "LOCATION": "unix:///tmp/triage-no-redis.sock"}
    settings.CACHES = {**configured.CACHES, "default": default}

    answer = api.post(f"/tickets/{ticket.pk}/drafts")

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "drafts_unavailable"
    assert answer.headers["Retry-After"]
    assert not Draft.objects.exists()


@pytest.mark.parametrize("name", ["/drafts/1", "/drafts/1/events", "/drafts/18446744073709551616"])
def test_a_draft_that_is_not_there_is_a_404(api: Api, name: str) -> None:
    assert api.get(name).status_code == 404


def test_a_field_that_is_not_there_is_refused(api: Api, ticket: Ticket, draft: Draft) -> None:
    assert fault_fields(api.post(f"/tickets/{ticket.pk}/drafts", {"mood": "warm"})) == ["mood"]
    assert fault_fields(api.post(f"/drafts/{draft.pk}/send", {})) == ["body"]


def test_wish_tone_and_what_it_goes_on_with_are_shown(
    api: Api, ticket: Ticket, draft: Draft
) -> None:
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.CANCELLED)
    wish = {"steer": "offer a credit", "tone": "formal", "continues": draft.pk}

    said = api.post(f"/tickets/{ticket.pk}/drafts", wish).json()

    assert {name: said[name] for name in wish} == wish
    assert (said["text"], said["sources"], said["edited_share"]) == (draft.text, [], None)
    assert api.get(f"/drafts/{draft.pk}").json()["state"] == "discarded"


@pytest.mark.parametrize(
    ("field", "value"), [("tone", "warm"), ("tone", ""), ("steer", "a" * 301), ("continues", 0)]
)
def test_a_wish_that_cannot_be_told_names_its_field(
    api: Api, ticket: Ticket, field: str, value: object
) -> None:
    answer = api.post(f"/tickets/{ticket.pk}/drafts", {field: value})

    assert (answer.status_code, fault_fields(answer)) == (422, [field])
    assert not Draft.objects.exists()


def test_what_cannot_be_gone_on_with_is_a_fields_fault_or_a_conflict(
    api: Api, ticket: Ticket, draft: Draft
) -> None:
    nobodys = api.post(f"/tickets/{ticket.pk}/drafts", {"continues": draft.pk + 1})
    whole = api.post(f"/tickets/{ticket.pk}/drafts", {"continues": draft.pk})

    assert (nobodys.status_code, fault_fields(nobodys)) == (422, ["continues"])
    assert (whole.status_code, whole.json()["error"]["code"]) == (409, "conflict")
    assert "continues" in whole.json()["error"]["message"]


def test_a_sent_one_shows_its_sources_and_how_much_was_changed(
    api: Api, ticket: Ticket, claude: RunningSimulator
) -> None:
    article = Article.objects.create(
        kind=ArticleKind.HELP, title="Broken lid", body="A kettle with a broken lid is replaced."
    )
    draft = written(Draft.objects.get(pk=api.post(f"/tickets/{ticket.pk}/drafts").json()["id"]))
    api.post(f"/drafts/{draft.pk}/send", {"body": draft.text})

    said = api.get(f"/drafts/{draft.pk}").json()

    (source,) = said["sources"]
    assert source == {
        "id": article.pk,
        "kind": "help",
        "title": "Broken lid",
        "url": None,
        "cited": True,
        "at": draft.text.index("replaced.") + len("replaced."),
    }
    assert said["edited_share"] == 0


def test_one_that_waits_is_cancelled(api: Api, ticket: Ticket) -> None:
    draft_id = api.post(f"/tickets/{ticket.pk}/drafts").json()["id"]

    answer = api.post(f"/drafts/{draft_id}/cancel")

    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")


def test_accepted_and_discarded_ones_say_so_and_by_whom(
    api: Api, draft: Draft, charlie: User
) -> None:
    accepted = api.post(f"/drafts/{draft.pk}/accept").json()
    discarded = api.post(f"/drafts/{draft.pk}/discard").json()

    assert (accepted["state"], accepted["decided_by"]) == ("accepted", charlie.pk)
    assert (discarded["state"], discarded["decided_by"]) == ("discarded", charlie.pk)
    again = api.post(f"/drafts/{draft.pk}/accept")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


def test_a_sent_one_is_the_message_and_cannot_be_sent_twice(api: Api, draft: Draft) -> None:
    answer = api.post(f"/drafts/{draft.pk}/send", {"body": "It comes tomorrow."})

    assert answer.status_code == 201
    assert (answer.json()["body"], answer.json()["public"]) == ("It comes tomorrow.", True)
    assert api.get(f"/drafts/{draft.pk}").json()["message_id"] == answer.json()["id"]
    assert api.post(f"/drafts/{draft.pk}/send", {"body": "Again."}).status_code == 409
    assert Message.objects.count() == 1


def test_a_stale_one_asks_once(api: Api, draft: Draft, alice: User) -> None:
    tickets.add_message(
        draft.ticket_id, body="Found it!", by=alice, author_kind=AuthorKind.REQUESTER
    )

    refused = api.post(f"/drafts/{draft.pk}/send", {"body": "Hello."})
    sent = api.post(f"/drafts/{draft.pk}/send", {"body": "Hello.", "stale_ok": True})

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "draft_stale")
    assert sent.status_code == 201


@pytest.mark.parametrize(
    ("method", "name", "scope"),
    [
        ("get", "/drafts/{}", Scope.TICKETS_READ),
        ("get", "/drafts/{}/events", Scope.TICKETS_READ),
        ("post", "/drafts/{}/accept", Scope.TICKETS_WRITE),
        ("post", "/drafts/{}/discard", Scope.TICKETS_WRITE),
        ("post", "/drafts/{}/cancel", Scope.TICKETS_WRITE),
        ("post", "/drafts/{}/send", Scope.MESSAGES_SEND),
    ],
)
def test_a_token_without_the_scope_may_not(
    draft: Draft, charlie: User, method: str, name: str, scope: str
) -> None:
    others = [other for other in (*Scope.values,) if other not in (scope, Scope.ADMIN)]
    api = api_as(charlie, scopes=others)

    answer = getattr(api, method)(name.format(draft.pk))

    assert answer.status_code == 403
    assert reread(draft).state == DraftState.READY
