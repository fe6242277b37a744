"""Links that let somebody choose a password: by a reset for an hour, by an invitation for seven days, each once.

A link is void as soon as its user has chosen a password, logged in, was invited again or deactivated: its signature covers all of
that. Nothing is stored.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.http import base36_to_int

from accounts.models import User

EPOCH = datetime(2001, 1, 1)  # noqa: DTZ001 - Django's, in its own clock
RESET_LIFETIME = timedelta(hours=1)
INVITATION_LIFETIME = timedelta(days=7)  # no more than settings.PASSWORD_RESET_TIMEOUT


class Links(PasswordResetTokenGenerator):
    """Django's signed tokens with a lifetime of their own, refused while the user is deactivated."""

    lifetime: ClassVar[timedelta]

    def check_token(self, user: User | None, token: str | None) -> bool:
        return super().check_token(user, token) and self._age(token or "") <= self.lifetime

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"

    def _age(self, token: str) -> timedelta:
        made = EPOCH + timedelta(seconds=base36_to_int(token.split("-", maxsplit=1)[0]))
        return self._now() - made


class ResetLinks(Links):
    key_salt = "accounts.links.ResetLinks"
    lifetime = RESET_LIFETIME


class InvitationLinks(Links):
    key_salt = "accounts.links.InvitationLinks"
    lifetime = INVITATION_LIFETIME


resets = ResetLinks()
invitations = InvitationLinks()
