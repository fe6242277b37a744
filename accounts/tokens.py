"""API tokens: issued once, found by their secret, revoked for good.

A secret exists in the answer of `issue` and nowhere else: the table keeps its SHA-256, which is enough for 240 random
bits. A token can never do more than its user may at that moment: whoever is demoted or deactivated takes their tokens along.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.db.models import Q
from django.utils import timezone

from accounts.exceptions import InvalidInput
from accounts.models import ApiToken, Role, Scope, User

log = structlog.get_logger(__name__)

PREFIX = "tk_"
SECRET_BYTES = 30  # 40 url-safe characters
HINT_LENGTH = 4
NOTED_EVERY = timedelta(minutes=1)
EVERY_SCOPE = frozenset(Scope)
NAME_LENGTH = 100


class State(StrEnum):
    """Why a token works or does not."""

    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"
    USER_DEACTIVATED = "user deactivated"


@dataclass(frozen=True)
class Issued:
    """A new token and its secret, which nobody can look up again."""

    token: ApiToken
    secret: str = field(repr=False)


def scopes_of(role: str) -> frozenset[Scope]:
    """What a user of this role may let a token do."""
    return EVERY_SCOPE if role == Role.ADMIN else EVERY_SCOPE - {Scope.ADMIN}


def effective_scopes(token: ApiToken) -> frozenset[Scope]:
    """What `token` may do now: its scopes, as far as its user still has them."""
    if not token.user.is_active:
        return frozenset()
    return scopes_of(token.user.role).intersection(map(Scope, token.scopes))


def state_of(token: ApiToken) -> State:
    """Whether `token` works now; ACTIVE is what `find` gives."""
    if token.revoked_at is not None:
        return State.REVOKED
    if token.expires_at is not None and token.expires_at <= timezone.now():
        return State.EXPIRED
    return State.ACTIVE if token.user.is_active else State.USER_DEACTIVATED


def check(
    user: User, *, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> None:
    """Whether such a token could be issued.

    Raises:
        InvalidInput: An unknown scope, none, one beyond the role; no name or a long one; an expiry in the past; a user
            who is deactivated.
    """
    if not name:
        raise InvalidInput("name", "Give the token a name: it says later who uses it.")
    if len(name) > NAME_LENGTH:
        raise InvalidInput("name", f"Use at most {NAME_LENGTH} characters.")
    if not user.is_active:
        raise InvalidInput("user", f"{user} is deactivated. Reactivate them first.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput("expires_at", "This time is past: the token would never work.")
    _check_scopes(set(scopes), user)


def issue(
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    by: User,
    expires_at: datetime | None = None,
) -> Issued:
    """Store a token for `user` and give its secret, once.

    Raises:
        InvalidInput: As `check` does; nothing is stored.
    """
    name, wanted = name.strip(), set(scopes)
    check(user, name=name, scopes=wanted, expires_at=expires_at)
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(secret),
        hint=secret[-HINT_LENGTH:],
        scopes=[scope.value for scope in Scope if scope in wanted],
        expires_at=expires_at,
        issued_by=by,
    )
    log.info("token.issued", token=token.pk, user=user.pk, by=by.pk)
    return Issued(token, secret)


def find(secret: str) -> ApiToken | None:
    """The token of this secret with its user, or None: unknown, revoked, expired, or its user inactive.

    Does the same work whatever the reason: one hash and one look-up by index.
    """
    now = timezone.now()
    return (
        ApiToken.objects.select_related("user")
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .filter(digest=_digest(secret), revoked_at=None, user__is_active=True)
        .first()
    )


def note_use(token: ApiToken) -> None:
    """Write down that `token` was used now, at most once a minute, however many requests come at once."""
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - NOTED_EVERY:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    ApiToken.objects.filter(is_due, pk=token.pk).update(last_used_at=now)


def revoke(token: ApiToken, *, by: User) -> None:
    """The token stops working at once and for good. Again is no fault: the first time stands."""
    now = timezone.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
        log.info("token.revoked", token=token.pk, user=token.user_id, by=by.pk)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _check_scopes(wanted: set[str], user: User) -> None:
    if unknown := sorted(wanted - set(Scope.values)):
        known = ", ".join(Scope.values)
        raise InvalidInput("scopes", f"Unknown: {', '.join(unknown)}. There are {known}.")
    if not wanted:
        raise InvalidInput(
            "scopes", "Choose at least one scope: a token without any can do nothing."
        )
    if beyond := sorted(wanted - scopes_of(user.role)):
        role = Role(user.role).label
        raise InvalidInput(
            "scopes", f"The role {role} of {user} does not allow {', '.join(beyond)}."
        )
