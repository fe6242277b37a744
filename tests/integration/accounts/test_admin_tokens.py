"""The admin's page of tokens: a secret is shown once; tokens are revoked, never edited or deleted."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Role, User

TOKENS = "/admin/accounts/apitoken/"


def add(client: Client, whose: User, **changes: Any) -> Any:
    wanted = {"user": whose.pk, "name": "Shop", "scopes": ["tickets:read"], "days": "30"}
    return client.post(f"{TOKENS}add/", wanted | changes)


def secret_on(page: Any) -> str:
    found = re.search(r"tk_[A-Za-z0-9_-]{40}", page.text)
    assert found
    return found[0]


@pytest.fixture
def token(charlie: User, bob: User) -> ApiToken:
    return tokens.issue(charlie, name="Shop", scopes=["tickets:read"], by=bob).token


def test_a_new_token_shows_a_secret_that_works_and_a_curl_line(
    as_bob: Client, bob: User, charlie: User
) -> None:
    page = add(as_bob, charlie)

    issued = tokens.find(secret_on(page))
    assert issued is not None
    assert (issued.user, issued.issued_by, issued.scopes) == (charlie, bob, ["tickets:read"])
    assert issued.expires_at is not None
    assert abs(issued.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert "curl -H" in page.text
    assert "http://testserver/api/v1/tickets" in page.text
    assert "no-store" in page.headers["Cache-Control"]


def test_the_secret_is_never_shown_again_and_kept_nowhere(
    as_bob: Client,
    charlie: User,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    page = add(as_bob, charlie)
    secret = secret_on(page)

    later = "".join(
        as_bob.get(address).text
        for address in (TOKENS, f"{TOKENS}{ApiToken.objects.get().pk}/change/", f"{TOKENS}add/")
    )
    printed = capfd.readouterr()
    kept = [str(vars(entry)) for entry in LogEntry.objects.all()]
    kept += [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [str(message) for message in get_messages(page.wsgi_request)]

    assert secret not in later + caplog.text + printed.out + printed.err + "".join(kept)


def test_a_token_may_have_no_end(as_bob: Client, charlie: User) -> None:
    add(as_bob, charlie, days="")

    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "  "}, "This field is required."),
        ({"scopes": []}, "Choose at least one scope"),
        ({"scopes": ["admin"]}, "The role Integration of Charlie does not allow admin."),
        ({"scopes": ["tickets:eat"]}, "tickets:eat is not one of the available choices"),
        ({"days": "100000"}, "100000 is not one of the available choices"),
        ({"user": ""}, "This field is required."),
        ({"user": "999999"}, "not one of the available choices"),
    ],
)
def test_a_faulty_form_issues_nothing(
    changes: dict[str, Any], words: str, as_bob: Client, charlie: User
) -> None:
    page = add(as_bob, charlie, **changes)

    assert words in page.text
    assert not ApiToken.objects.exists()


def test_nobody_deactivated_and_not_the_user_system_gets_a_token(
    as_bob: Client, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    for user in (alice, User.objects.system()):
        add(as_bob, user)

    assert not ApiToken.objects.exists()


def test_the_form_begins_with_the_user_that_the_address_names(
    as_bob: Client, charlie: User
) -> None:
    page = as_bob.get(f"{TOKENS}add/?user={charlie.pk}").text

    assert re.search(rf'<option value="{charlie.pk}" selected', page)


def test_the_list_says_what_each_token_may_and_whether_it_works(
    as_bob: Client, bob: User, alice: User, charlie: User
) -> None:
    for name in ("Works", "Revoked", "Expired"):
        tokens.issue(charlie, name=name, scopes=["tickets:read"], by=bob)
    ApiToken.objects.filter(name="Revoked").update(revoked_at=timezone.now())
    ApiToken.objects.filter(name="Expired").update(expires_at=timezone.now())
    tokens.issue(alice, name="Asleep", scopes=["usage:read"], by=bob)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    page = as_bob.get(TOKENS).text

    for words in ("Active", "Revoked", "Expired", "User deactivated", "tickets:read"):
        assert words in page


def test_the_list_names_scopes_that_the_role_does_not_give_any_more(
    as_bob: Client, bob: User, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(role=Role.ADMIN)
    alice.refresh_from_db()
    tokens.issue(alice, name="Hooks", scopes=["admin"], by=bob)

    User.objects.filter(pk=alice.pk).update(role=Role.AGENT)

    assert "admin (not by this role)" in as_bob.get(TOKENS).text


def test_a_longer_list_asks_the_database_no_more_often(
    as_bob: Client, bob: User, charlie: User, django_assert_num_queries: Any
) -> None:
    tokens.issue(charlie, name="First", scopes=["tickets:read"], by=bob)
    with django_assert_num_queries(5, exact=False):
        as_bob.get(TOKENS)
    for number in range(5):
        tokens.issue(charlie, name=str(number), scopes=["tickets:read"], by=bob)

    with django_assert_num_queries(5, exact=False):
        as_bob.get(TOKENS)


def test_revoking_asks_first_and_then_ends_the_token(as_bob: Client, token: ApiToken) -> None:
    question = as_bob.get(f"{TOKENS}{token.pk}/revoke/")
    token.refresh_from_db()
    before = token.revoked_at

    done = as_bob.post(f"{TOKENS}{token.pk}/revoke/", follow=True)

    token.refresh_from_db()
    assert "Revoke Shop" in question.text
    assert before is None
    assert token.revoked_at is not None
    assert "is revoked." in done.text
    assert LogEntry.objects.get().change_message == "Revoked."


def test_nobody_edits_or_deletes_a_token(as_bob: Client, token: ApiToken) -> None:
    row = ApiToken.objects.values().get()

    seen = as_bob.get(f"{TOKENS}{token.pk}/change/")
    edited = as_bob.post(f"{TOKENS}{token.pk}/change/", {"name": "Other"})
    deleted = as_bob.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})

    assert seen.status_code == 200
    assert edited.status_code == deleted.status_code == 403
    assert ApiToken.objects.values().get() == row


def test_a_token_that_is_none_is_no_error(as_bob: Client) -> None:
    assert as_bob.get(f"{TOKENS}999999/revoke/").status_code == 404
    assert as_bob.get(f"{TOKENS}999999/change/").status_code == 302


def test_a_users_page_leads_to_their_tokens_and_to_a_new_one(
    as_bob: Client, token: ApiToken
) -> None:
    page = as_bob.get(f"/admin/accounts/user/{token.user_id}/change/").text

    assert f"{TOKENS}?user__id__exact={token.user_id}" in page
    assert f"{TOKENS}add/?user={token.user_id}" in page
    assert "Shop" in as_bob.get(f"{TOKENS}?user__id__exact={token.user_id}").text


@pytest.mark.parametrize("name", ["alice", "charlie"])
@pytest.mark.parametrize("page", ["", "add/", "{}/revoke/", "{}/change/"])
def test_only_admins_come_here(
    name: str, page: str, client: Client, token: ApiToken, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(name))
    address = TOKENS + page.format(token.pk)

    answers = [client.get(address, follow=True), client.post(address, follow=True)]

    assert [answer.status_code for answer in answers] == [403, 403]
    token.refresh_from_db()
    assert token.revoked_at is None
