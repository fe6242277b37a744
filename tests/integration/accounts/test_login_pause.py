"""Five failures for one e-mail address from one network address pause the login for fifteen minutes."""

from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import throttling, tokens
from accounts.models import User
from tests.conftest import PASSWORD

HERE, ELSEWHERE = "198.51.100.1", "203.0.113.9"


def attempt(email: str, password: str = "wrong", **extra: Any) -> Any:
    given = {"username": email, "password": password}
    return Client().post("/login/", given, **({"REMOTE_ADDR": HERE} | extra))


def fail(email: str, times: int = 5, **extra: Any) -> list[int]:
    return [attempt(email, **extra).status_code for _ in range(times)]


def age(minutes: float) -> None:
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=minutes))


def test_the_fifth_failure_pauses_the_login_even_with_the_right_password(alice: User) -> None:
    answers = fail(alice.email)

    after = attempt(alice.email, PASSWORD)

    assert answers == [200, 200, 200, 200, 429]
    assert after.status_code == 429


def test_the_page_of_a_pause_says_how_long_it_takes(alice: User) -> None:
    fail(alice.email)
    age(minutes=9.5)

    page = attempt(alice.email, PASSWORD)

    assert "Try again in <strong>6 minutes</strong>" in page.text
    assert abs(int(page.headers["Retry-After"]) - 330) < 30
    assert "product" in page.text


def test_trying_on_does_not_make_the_pause_longer(alice: User) -> None:
    fail(alice.email)
    age(minutes=14)
    before = throttling.locks(alice.email)

    fail(alice.email, 3)

    assert throttling.locks(alice.email) == before


def test_the_pause_ends_by_itself(alice: User) -> None:
    fail(alice.email)
    age(minutes=15.1)

    assert throttling.locks(alice.email) == {}
    assert attempt(alice.email, PASSWORD).status_code == 302


def test_an_unknown_address_is_paused_just_the_same(db: None) -> None:
    answers = fail("nobody@example.com")

    assert answers == [200, 200, 200, 200, 429]


def test_other_spellings_and_browsers_are_the_same_login(alice: User) -> None:
    spellings = [alice.email.upper(), "Alice@example.com", f" {alice.email}", alice.email]
    for number, spelling in enumerate(spellings):
        attempt(spelling, HTTP_USER_AGENT=f"Browser/{number}")

    assert attempt(alice.email, HTTP_USER_AGENT="Browser/9").status_code == 429


def test_other_people_and_other_places_are_not_paused(alice: User, bob: User) -> None:
    fail(alice.email)

    assert attempt(bob.email, PASSWORD).status_code == 302
    assert attempt(alice.email, PASSWORD, REMOTE_ADDR=ELSEWHERE).status_code == 302


def test_behind_a_proxy_its_visitors_are_told_apart(alice: User, settings: Settings) -> None:
    settings.TRIAGE_TRUSTED_PROXIES = 1
    fail(alice.email, HTTP_X_FORWARDED_FOR=f"6.6.6.6, {HERE}")

    same = attempt(alice.email, PASSWORD, HTTP_X_FORWARDED_FOR=f"7.7.7.7, {HERE}")
    other = attempt(alice.email, PASSWORD, HTTP_X_FORWARDED_FOR=ELSEWHERE)

    assert same.status_code == 429
    assert other.status_code == 302


def test_without_a_proxy_nobody_writes_their_own_address(alice: User) -> None:
    answers = [
        attempt(alice.email, HTTP_X_FORWARDED_FOR=f"6.6.6.{number}").status_code
        for number in range(5)
    ]

    assert answers[-1] == 429


def test_a_visitor_without_an_address_is_counted_too(alice: User) -> None:
    answers = fail(alice.email, REMOTE_ADDR="")

    assert answers[-1] == 429


def test_a_login_forgets_the_failures_before_it(alice: User) -> None:
    fail(alice.email, 4)
    attempt(alice.email, PASSWORD)

    assert fail(alice.email, 4) == [200] * 4


def test_failures_of_several_browsers_end_the_pause_when_too_few_are_left(alice: User) -> None:
    fail(alice.email, 3, HTTP_USER_AGENT="Old")
    age(minutes=10)
    fail(alice.email, 2, HTTP_USER_AGENT="New")

    end = throttling.locks(alice.email)[HERE]

    assert abs(end - timezone.now() - timedelta(minutes=5)) < timedelta(seconds=30)


def test_no_password_is_kept_of_an_attempt(alice: User) -> None:
    attempt(alice.email, "my secret word")

    row = AccessAttempt.objects.values().get()
    assert not any("my secret word" in str(value) for value in row.values())


def test_a_lifted_pause_lets_the_person_try_again(alice: User) -> None:
    fail(alice.email)

    throttling.lift("ALICE@example.com")

    assert attempt(alice.email, PASSWORD).status_code == 302


def test_requests_with_a_token_and_pages_ask_the_throttle_nothing(
    as_alice: Client, alice: User
) -> None:
    issued = tokens.issue(alice, name="Mine", scopes=["tickets:read"], by=alice)

    with CaptureQueriesContext(connection) as queries:
        tokens.find(issued.secret)
        as_alice.get("/", headers={"Authorization": f"Bearer {issued.secret}"})

    assert not [query["sql"] for query in queries if "axes_" in query["sql"]]


def test_a_pause_needs_no_redis(alice: User, settings: Settings) -> None:
    nowhere = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}

    assert fail(alice.email)[-1] == 429


def test_a_password_checked_by_a_command_is_nobodys_attempt(alice: User) -> None:
    assert authenticate(None, username=alice.email, password=PASSWORD) == alice


def test_the_page_of_a_pause_is_the_same_under_the_asgi_server(alice: User) -> None:
    fail(alice.email, REMOTE_ADDR="127.0.0.1")
    given = {"username": alice.email, "password": PASSWORD}

    page = async_to_sync(AsyncClient().post)("/login/", given)

    assert page.status_code == 429
    assert "Too many attempts" in page.content.decode()
