"""A POST with an Idempotency-Key: done once, answered the same for a day, whoever sends it at whatever moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import User
from tests.integration.api.client import Api, api_as
from triage.api import idempotency
from triage.models import KeptAnswer, Ticket, Triage
from triage.services import intake

BROKEN = {"description": "My order arrived broken."}
KEY = {"Idempotency_Key": "k-1"}
LOOKUP = "x-idempotency-lookup"


def test_the_same_key_and_body_gives_the_same_answer(api: Api) -> None:
    first = api.post("/tickets", BROKEN, **KEY)
    again = api.post("/tickets", BROKEN, **KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert (first.headers[LOOKUP], again.headers[LOOKUP]) == ("miss", "hit")
    assert Ticket.objects.count() == 1


def test_another_body_under_the_key_is_refused(api: Api) -> None:
    api.post("/tickets", BROKEN, **KEY)

    other = api.post("/tickets", {"description": "Something else."}, **KEY)

    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert Ticket.objects.count() == 1


def test_a_key_is_the_tokens_own_and_the_paths(api: Api, alice: User) -> None:
    other = api_as(alice)
    ticket_id = api.post("/tickets", BROKEN, **KEY).json()["id"]

    api.post(f"/tickets/{ticket_id}/triage", {}, **KEY)
    elsewhere = other.post("/tickets", BROKEN, **KEY)

    assert elsewhere.headers[LOOKUP] == "miss"
    assert Ticket.objects.count() == 2
    assert KeptAnswer.objects.count() == 3


def test_a_refusal_is_kept_too_and_nothing_of_it_is_stored(api: Api) -> None:
    refused = api.post("/tickets", {"subject": "?"}, **KEY)
    again = api.post("/tickets", {"subject": "?"}, **KEY)

    assert (refused.status_code, again.status_code) == (422, 422)
    assert again.headers[LOOKUP] == "hit"


def test_a_fault_of_ours_is_not_kept(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as broken:
        broken.setattr(intake, "receive", fail)
        failed = api.post("/tickets", BROKEN, **KEY)
    again = api.post("/tickets", BROKEN, **KEY)

    assert (failed.status_code, failed.json()["error"]["code"]) == (500, "internal")
    assert "boom" not in failed.content.decode()
    assert (again.status_code, again.headers[LOOKUP]) == (201, "miss")


def test_after_a_day_the_key_is_free(api: Api) -> None:
    api.post("/tickets", BROKEN, **KEY)
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))

    again = api.post("/tickets", BROKEN, **KEY)

    assert again.headers[LOOKUP] == "miss"
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ"])
def test_a_key_that_is_none_is_named(api: Api, key: str) -> None:
    answer = api.post("/tickets", BROKEN, Idempotency_Key=key)

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == "Idempotency-Key"


@pytest.mark.django_db(transaction=True)
def test_100_equal_creates_at_once_make_one_ticket_and_one_triage(charlie: User) -> None:
    secret = api_as(charlie).secret

    def create(_: int) -> tuple[int, str, int]:
        try:
            answer = Api(secret).post("/tickets", BROKEN, **KEY)
            return answer.status_code, answer.headers[LOOKUP], answer.json()["id"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(create, range(100)))

    assert {status for status, _, _ in answers} == {201}
    assert [lookup for _, lookup, _ in answers].count("miss") == 1
    assert len({ticket_id for _, _, ticket_id in answers}) == 1
    assert Ticket.objects.count() == Triage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_the_first_is_told_to_ask_again(
    charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.2)
    secret = api_as(charlie).secret
    receive = intake.receive
    late: list[tuple[int, str, str]] = []

    def ask_meanwhile() -> None:
        answer = Api(secret).post("/tickets", BROKEN, **KEY)
        late.append(
            (answer.status_code, answer.json()["error"]["code"], answer.headers["Retry-After"])
        )
        connections.close_all()

    def receive_slowly(new: intake.NewTicket) -> intake.Received:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(ask_meanwhile).result()
        return receive(new)

    monkeypatch.setattr(intake, "receive", receive_slowly)
    first = Api(secret).post("/tickets", BROKEN, **KEY)

    assert first.status_code == 201
    assert late == [(409, "idempotency_key_in_use", "1")]
    assert Ticket.objects.count() == 1
