"""Mails with a link to a new password are few, for one address and from one client."""

import pytest
from django.core.cache import cache
from django.core.mail import EmailMessage
from pytest_django import Settings

from accounts import throttling
from accounts.models import User
from tests.integration.accounts.test_password_reset import ask


def test_an_address_is_mailed_three_times_an_hour_and_the_answer_stays_the_same(
    alice: User, bob: User, mailoutbox: list[EmailMessage]
) -> None:
    answers = {ask(spelling).text for spelling in [alice.email, alice.email.upper()] * 2}

    assert answers == {ask("nobody@example.com").text}
    assert len(mailoutbox) == 3
    ask(bob.email)
    assert mailoutbox[-1].to == [bob.email]


def test_a_client_that_asks_for_many_addresses_is_told_to_wait(
    alice: User, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "RESETS_PER_CLIENT", 2)
    ask("nobody@example.com")
    ask("somebody@example.com")

    refused = ask(alice.email)

    assert refused.status_code == 429
    assert "Try again in an hour." in refused.text
    assert mailoutbox == []


def test_the_limit_ends_with_its_hour(alice: User, mailoutbox: list[EmailMessage]) -> None:
    for _ in range(4):
        ask(alice.email)

    lasts = [cache.ttl(key) for key in cache.keys("reset:*")]  # type: ignore[attr-defined]

    assert len(lasts) == 2
    assert all(0 < seconds <= throttling.RESET_SECONDS for seconds in lasts)


def test_with_redis_down_nobody_is_refused(
    alice: User, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    }

    for _ in range(4):
        ask(alice.email)

    assert len(mailoutbox) == 4
