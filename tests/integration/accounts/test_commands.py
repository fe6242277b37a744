"""`create_token` and `createsuperuser`: what they make, print and refuse."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.management.commands import createsuperuser
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import tokens
from accounts.models import ApiToken, Role, User
from triage.models import Ticket

NEW = "dora@example.com"
PASSWORD = "ferns and orchids"


def run(command: str, *args: Any, **options: Any) -> tuple[str, str]:
    """What was printed on stdout and on stderr."""
    out, err = StringIO(), StringIO()
    call_command(command, *args, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_the_secret_stands_alone_on_stdout_and_works(charlie: User) -> None:
    scopes = ("--scope", "tickets:read", "--scope", "tickets:write")
    out, err = run("create_token", "CHARLIE@example.com", *scopes, "--name", "Shop")

    token = tokens.find(out.removesuffix("\n"))
    assert token == ApiToken.objects.get()
    assert (token.user, token.name) == (charlie, "Shop")
    assert token.scopes == ["tickets:read", "tickets:write"]
    assert "does not expire" in err
    assert out.strip() not in err


def test_a_token_ends_after_so_many_days(charlie: User) -> None:
    run("create_token", charlie.email, "--scope", "tickets:read", "--expires-days", "30")

    expires_at = ApiToken.objects.get().expires_at
    assert expires_at is not None
    assert abs(expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nobody@example.com", "--scope", "tickets:read"], "There is no user nobody@"),
        (["charlie@example.com", "--scope", "all"], "Unknown: all. There are tickets:read"),
        (["charlie@example.com", "--scope", "admin"], "does not allow admin"),
        (["charlie@example.com"], "--scope"),
        (["charlie@example.com", "--scope", "tickets:read", "--expires-days", "0"], "from 1 to"),
        (["charlie@example.com", "--scope", "tickets:read", "--expires-days", "9" * 9], "from 1"),
        (["charlie@example.com", "--scope", "tickets:read", "--name", " "], "a name"),
    ],
)
def test_a_mistake_is_said_in_words_and_makes_no_token(
    args: list[str], words: str, charlie: User
) -> None:
    with pytest.raises(CommandError, match=words):
        run("create_token", *args)

    assert not ApiToken.objects.exists()


def test_a_first_admin_is_made_without_questions_and_without_demo_data(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.example.com", "https://triage.example.com"]
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", NEW)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    out, _ = run("createsuperuser", interactive=False)

    user = User.objects.get(email=NEW)
    assert user.role == Role.ADMIN
    assert f"{NEW} has the role admin" in out
    assert "Log in at https://triage.example.com/login/" in out
    assert not Ticket.objects.exists()
    logged_in = Client().post("/login/", {"username": NEW, "password": PASSWORD})
    assert logged_in.status_code == 302


def test_a_first_admin_is_made_by_answers(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("builtins.input", lambda _prompt: NEW)
    monkeypatch.setattr(createsuperuser.getpass, "getpass", lambda *_: PASSWORD)

    out, _ = run("createsuperuser", interactive=True, stdin=Terminal())

    assert User.objects.get(email=NEW).check_password(PASSWORD)
    assert "has the role admin" in out


def test_an_admin_without_a_password_is_told_how_to_set_one(db: None) -> None:
    out, _ = run("createsuperuser", email=NEW, interactive=False)

    assert "without a password" in out
    assert f"changepassword {NEW}" in out


def test_an_address_that_is_taken_is_refused_whatever_its_case(bob: User) -> None:
    with pytest.raises(CommandError, match="already taken"):
        run("createsuperuser", email="BOB@example.com", interactive=False)


@pytest.mark.parametrize(
    ("hosts", "is_https", "expected"),
    [
        (["triage.example.com"], True, "https://triage.example.com/login/"),
        (["*", ".example.com", "localhost"], False, "http://127.0.0.1:8000/login/"),
    ],
)
def test_the_login_is_named_as_far_as_the_settings_know_it(
    hosts: list[str], is_https: bool, expected: str, db: None, settings: Settings
) -> None:
    settings.CSRF_TRUSTED_ORIGINS, settings.ALLOWED_HOSTS = [], hosts
    settings.SECURE_SSL_REDIRECT = is_https

    out, _ = run("createsuperuser", email=NEW, interactive=False)

    assert expected in out
