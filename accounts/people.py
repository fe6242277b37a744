"""Switching people off and on again. An installation never loses its last admin, and nobody locks themselves out."""

import structlog
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.exceptions import Refused
from accounts.models import Role, User

log = structlog.get_logger(__name__)


def deactivate(user: User, *, by: User) -> None:
    """`user` is out at once: no login, sessions ended for good, tokens refused. Everything else of theirs stays.

    Raises:
        Refused: It is oneself, or the last active admin.
    """
    with transaction.atomic():
        check_can_leave(user, by=by)
        user.is_active = False
        user.save(update_fields=["is_active"])
        _end_sessions(user)
    log.info("user.deactivated", user=user.pk, by=by.pk)


def reactivate(user: User, *, by: User) -> None:
    """`user` may log in again, with the password they had, and their tokens work again unless revoked or expired."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    log.info("user.reactivated", user=user.pk, by=by.pk)


def check_can_leave(user: User, *, by: User) -> None:
    """Whether `user` may be deactivated or lose the role of admin.

    Locks the admins until the caller's transaction ends: two who send each other away at once cannot both succeed.

    Raises:
        Refused: It is oneself, or the last active admin.
    """
    active = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True)
    admins = set(active.order_by("pk").values_list("pk", flat=True))
    if admins == {user.pk}:
        raise Refused("This is the only active admin. Make somebody else one first.")
    if user == by:
        raise Refused("This is you. Ask another admin to do it.")


def _end_sessions(user: User) -> None:
    """Reads every session that still runs: a session does not say in a column whose it is."""
    running = Session.objects.filter(expire_date__gt=timezone.now())
    theirs = [
        session.pk
        for session in running.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(pk__in=theirs).delete()
