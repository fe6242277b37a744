"""Messages and triage of a ticket over the API."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.models.tokens import Scope
from tests.integration.api.client import READ_WRITE, Api, api_as, fault_fields
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.models import Draft, DraftState, Event, EventKind, Message, Ticket, Triage


def test_the_thread_is_read_oldest_first(api: Api) -> None:
    ticket = add_ticket()
    for number in range(3):
        api.post(f"/tickets/{ticket.pk}/messages", {"body": str(number), "author": "requester"})

    first = api.get(f"/tickets/{ticket.pk}/messages", **{"page[size]": 2}).json()
    cursor = first["meta"]["after_cursor"]
    rest = api.get(f"/tickets/{ticket.pk}/messages", **{"page[after]": cursor}).json()

    assert [row["body"] for row in [*first["data"], *rest["data"]]] == ["0", "1", "2"]
    assert first["data"][0]["author_name"] == "Ana Ruiz"


@pytest.mark.parametrize("status", ["solved", "closed", "pending"])
def test_a_requesters_message_reopens_and_makes_drafts_stale(
    api: Api, alice: User, status: str
) -> None:
    ticket = add_ticket()
    Ticket.objects.update(status=status, solved_at=timezone.now())
    draft = Draft.objects.create(
        ticket=ticket, by=alice, state=DraftState.READY, finished_at=timezone.now()
    )

    api.post(f"/tickets/{ticket.pk}/messages", {"body": "Still broken.", "author": "requester"})

    ticket.refresh_from_db()
    draft.refresh_from_db()
    assert (ticket.status, ticket.solved_at) == ("open", None)
    assert draft.is_stale
    assert Event.objects.filter(kind=EventKind.MESSAGE_CREATED).count() == 1


def test_a_reply_to_the_customer_needs_its_own_scope(api: Api, charlie: User) -> None:
    ticket = add_ticket()
    path = f"/tickets/{ticket.pk}/messages"
    sender = api_as(charlie, scopes=[*READ_WRITE, Scope.MESSAGES_SEND])

    refused = api.post(path, {"body": "We are on it."})
    note = api.post(path, {"body": "Ask the warehouse.", "public": False})
    sent = sender.post(path, {"body": "We are on it."})

    assert (refused.status_code, note.status_code, sent.status_code) == (403, 201, 201)
    assert Message.objects.count() == 2
    ticket.refresh_from_db()
    assert ticket.status == "open"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": " \u202e\n"}, "body"),
        ({"body": "x", "author": "system"}, "author"),
        ({"body": "x", "author": "requester", "public": False}, "public"),
        ({"body": "x", "public": "yes"}, "public"),
    ],
)
def test_an_unusable_message_names_its_field(api: Api, body: dict[str, Any], field: str) -> None:
    ticket = add_ticket()

    answer = api.post(f"/tickets/{ticket.pk}/messages", {"public": False, **body})

    assert fault_fields(answer) == [field]
    assert not Message.objects.exists()


def test_triage_can_be_asked_for_again(api: Api) -> None:
    ticket = add_ticket()
    Triage.objects.update(state="done", finished_at=timezone.now(), stage="classify")

    answer = api.post(f"/tickets/{ticket.pk}/triage", {})

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert Triage.objects.count() == 2
    assert Triage.objects.latest("id").is_rerun


def test_a_correction_sets_the_label_and_says_who(api: Api, charlie: User) -> None:
    add_labels()
    ticket = add_ticket()
    decide(ticket, "billing-wrong-charge")

    said = api.patch(f"/tickets/{ticket.pk}/triage", {"label": "account-login"}).json()

    field = said["triage"]["fields"]["label"]
    assert said["label"] == "account-login"
    assert (field["value"], field["corrected_to"], field["corrected_by"]) == (
        "billing-wrong-charge",
        "account-login",
        charlie.pk,
    )
    event = Event.objects.get(kind=EventKind.TRIAGE_CORRECTED)
    assert event.changes == {"label": [None, "account-login"]}


def test_a_label_that_is_not_there_is_named(api: Api) -> None:
    ticket = add_ticket()

    assert fault_fields(api.patch(f"/tickets/{ticket.pk}/triage", {"label": "nope"})) == ["label"]
