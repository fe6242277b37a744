"""Tokens, scopes, rates and the shape of errors."""

from typing import Any

import pytest
import structlog
from django.test import Client
from pytest_django import Settings

from accounts import tokens
from accounts.models import ApiToken, User
from accounts.models.tokens import Scope
from tests.integration.api.client import Api, api_as

BROKEN = {"description": "My order arrived broken."}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer tk_wrong", "Basic abc", "Bearer é"])
def test_without_a_token_that_works_there_is_nothing(db: None, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = Client().get("/api/v1/tickets", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_revoked_token_and_a_deactivated_users_stop_at_once(
    api: Api, charlie: User, bob: User
) -> None:
    other = api_as(charlie)
    tokens.revoke(ApiToken.objects.latest("id"), by=bob)
    assert other.get("/tickets").status_code == 401
    assert api.get("/tickets").status_code == 200

    User.objects.filter(pk=charlie.pk).update(is_active=False)

    assert api.get("/tickets").status_code == 401


def test_a_token_needs_the_scope_of_what_it_asks(charlie: User) -> None:
    reader = api_as(charlie, scopes=[Scope.TICKETS_READ])

    refused = reader.post("/tickets", BROKEN)

    assert reader.get("/tickets").status_code == 200
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert "tickets:write" in refused.json()["error"]["message"]


def test_every_answer_says_what_is_left_and_the_last_one_when_to_ask_again(
    api: Api, settings: Settings
) -> None:
    settings.TRIAGE_API_PER_MINUTE = 2

    answers = [api.get("/labels") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"2"}
    assert answers[2].json()["error"]["code"] == "rate_limited"
    wait = int(answers[2].headers["Retry-After"])
    assert wait == int(answers[2].headers["RateLimit-Reset"])
    assert 1 <= wait <= 60


def test_one_tokens_rate_is_not_anothers(api: Api, charlie: User, settings: Settings) -> None:
    settings.TRIAGE_API_PER_MINUTE = 1
    api.get("/labels")

    assert api.get("/labels").status_code == 429
    assert api_as(charlie).get("/labels").status_code == 200


def test_an_error_carries_the_id_under_which_it_stands_in_the_logs(api: Api) -> None:
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        answer = api.get("/tickets/1")

    request_id = answer.json()["error"]["request_id"]
    assert request_id == answer.headers["X-Request-Id"]
    assert [log for log in logs if log.get("request_id") == request_id]


def test_an_unforeseen_fault_is_a_500_that_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError("the secret is xyzzy")

    monkeypatch.setattr("triage.api.labels.page", fail)
    with structlog.testing.capture_logs() as logs:
        answer = api.get("/labels")

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "xyzzy" not in answer.content.decode()
    assert [log for log in logs if log["event"] == "a request failed"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("put", "/tickets", 405), ("delete", "/tickets/1", 405)]
)
def test_a_method_that_is_not_there_is_a_405(api: Api, method: str, path: str, status: int) -> None:
    answer = api.send(method, path, {})

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "method_not_allowed")


def test_a_body_of_another_type_is_a_415(api: Api) -> None:
    answer = api.client.post(
        "/api/v1/tickets", {"description": "x"}, headers={"Authorization": f"Bearer {api.secret}"}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
