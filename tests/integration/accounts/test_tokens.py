"""Tokens: issued, found, noted, revoked, and never worth more than their user."""

import hashlib
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tokens
from accounts.exceptions import InvalidInput
from accounts.models import ApiToken, Role, Scope, User
from accounts.tokens import Issued, State

HOUR = timedelta(hours=1)


def issue(user: User, *scopes: str, **changes: Any) -> Issued:
    wanted: dict[str, Any] = {
        "name": "Shop import",
        "scopes": scopes or ("tickets:read",),
        "by": user,
    }
    return tokens.issue(user, **(wanted | changes))


def test_a_secret_has_240_bits_and_is_stored_as_its_digest_alone(alice: User) -> None:
    issued = issue(alice)

    assert re.fullmatch(r"tk_[A-Za-z0-9_-]{40}", issued.secret)
    row = ApiToken.objects.values().get()
    assert row["digest"] == hashlib.sha256(issued.secret.encode()).hexdigest()
    assert row["hint"] == issued.secret[-4:]
    assert not any(issued.secret in str(value) for value in row.values())


def test_a_secret_stands_in_no_log_and_no_repr(
    alice: User, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    issued = issue(alice)
    tokens.find(issued.secret)
    tokens.revoke(issued.token, by=alice)

    printed = capfd.readouterr()
    assert "token.issued" in caplog.text + printed.out + printed.err
    assert issued.secret not in caplog.text + printed.out + printed.err + repr(issued)


def test_a_secret_finds_its_token_and_its_user_in_one_query(alice: User) -> None:
    issued = issue(alice)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = tokens.find(issued.secret)
        assert found is not None
        assert found.user == alice

    assert found == issued.token
    assert len(queries) == 1


@pytest.mark.parametrize("secret", ["", "tk_", "tk_" + "x" * 40, "\x00", "\udcff", "é" * 9_000])
def test_a_secret_of_nobody_finds_nothing_by_the_same_one_query(secret: str, alice: User) -> None:
    issue(alice)

    with CaptureQueriesContext(connection) as queries:
        found = tokens.find(secret)

    assert found is None
    assert len(queries) == 1


def test_a_revoked_token_is_not_found_and_stays_revoked(alice: User, bob: User) -> None:
    issued = issue(alice)
    tokens.revoke(issued.token, by=bob)
    first = ApiToken.objects.get().revoked_at

    tokens.revoke(issued.token, by=alice)

    assert tokens.find(issued.secret) is None
    assert tokens.state_of(issued.token) == State.REVOKED
    assert ApiToken.objects.get().revoked_at == first


def test_an_expired_token_is_not_found(alice: User) -> None:
    issued = issue(alice, expires_at=timezone.now() + HOUR)
    works = tokens.find(issued.secret)

    ApiToken.objects.update(expires_at=timezone.now())

    assert works == issued.token
    assert tokens.find(issued.secret) is None
    assert tokens.state_of(ApiToken.objects.get()) == State.EXPIRED


def test_a_deactivated_user_takes_the_tokens_along(alice: User) -> None:
    issued = issue(alice)

    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert tokens.find(issued.secret) is None
    assert tokens.state_of(ApiToken.objects.get()) == State.USER_DEACTIVATED
    assert tokens.effective_scopes(ApiToken.objects.get()) == frozenset()


def test_a_demoted_admin_takes_the_scope_admin_along(bob: User) -> None:
    issued = issue(bob, "tickets:read", "admin")
    before = tokens.effective_scopes(issued.token)

    User.objects.filter(pk=bob.pk).update(role=Role.AGENT)
    found = tokens.find(issued.secret)

    assert found is not None
    assert before == {Scope.TICKETS_READ, Scope.ADMIN}
    assert tokens.effective_scopes(found) == {Scope.TICKETS_READ}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.ADMIN, set(Scope)),
        (Role.AGENT, set(Scope) - {Scope.ADMIN}),
        (Role.INTEGRATION, set(Scope) - {Scope.ADMIN}),
    ],
)
def test_all_roles_but_admin_allow_all_scopes_but_admin(role: Role, expected: set[Scope]) -> None:
    assert tokens.scopes_of(role) == expected


def test_use_is_noted_at_most_once_a_minute(alice: User) -> None:
    token = issue(alice).token
    tokens.note_use(token)
    first = ApiToken.objects.get().last_used_at

    tokens.note_use(token)  # as a second process would, which has read the row before
    again = ApiToken.objects.get().last_used_at
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    tokens.note_use(ApiToken.objects.get())

    assert first is not None
    assert again == first
    assert ApiToken.objects.get().last_used_at != first


def test_noting_a_use_reads_nothing_and_mostly_asks_nothing(alice: User) -> None:
    token = issue(alice).token

    with CaptureQueriesContext(connection) as first:
        tokens.note_use(token)
    fresh = ApiToken.objects.get()
    with CaptureQueriesContext(connection) as second:
        tokens.note_use(fresh)

    assert [query["sql"].split()[0] for query in first] == ["UPDATE"]
    assert len(second) == 0


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"scopes": ["tickets:read", "tickets:eat"]}, "scopes", "tickets:eat"),
        ({"scopes": []}, "scopes", "at least one"),
        ({"scopes": ["admin"]}, "scopes", "The role Agent of Alice does not allow admin"),
        ({"name": "   "}, "name", "Give the token a name"),
        ({"name": "x" * 101}, "name", "at most 100"),
        ({"expires_at": timezone.now() - HOUR}, "expires_at", "past"),
    ],
)
def test_a_faulty_wish_names_its_field_and_stores_nothing(
    changes: dict[str, Any], field: str, words: str, alice: User
) -> None:
    with pytest.raises(InvalidInput, match=words) as fault:
        issue(alice, **changes)

    assert fault.value.field == field
    assert not ApiToken.objects.exists()


def test_a_deactivated_user_gets_no_token(alice: User) -> None:
    alice.is_active = False

    with pytest.raises(InvalidInput, match="Reactivate them first") as fault:
        issue(alice)

    assert fault.value.field == "user"


def test_scopes_are_stored_once_each_in_their_order(alice: User) -> None:
    issued = issue(alice, "usage:read", "tickets:read", "usage:read")

    assert issued.token.scopes == ["tickets:read", "usage:read"]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"name": ""}, "api_token_named"),
        ({"scopes": []}, "api_token_has_scope"),
        ({"scopes": ["tickets:eat"]}, "api_token_scopes_known"),
    ],
)
def test_the_table_itself_refuses_what_no_token_may_be(
    change: dict[str, Any], constraint: str, alice: User
) -> None:
    issue(alice)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ApiToken.objects.update(**change)
