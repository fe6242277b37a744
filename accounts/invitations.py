"""Inviting people: they are stored without a password and choose one by a link that is mailed and shown once."""

from dataclasses import dataclass, field

import structlog
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import links
from accounts.exceptions import Refused
from accounts.models import Role, User

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Invitation:
    """A link that lets `user` in for seven days, once. `is_mailed` is False where the mail server refused."""

    user: User
    link: str = field(repr=False)
    is_mailed: bool


def prepare(user: User, *, by: User) -> None:
    """Store `user`, new or not, without a password: nobody can log in as them, and earlier links are void.

    Raises:
        Refused: They have a password, are deactivated, or never log in.
    """
    if user.role == Role.INTEGRATION:
        raise Refused("Integrations do not log in: they use a token.")
    if not user.is_active:
        raise Refused(f"{user} is deactivated. Reactivate them first.")
    if user.password and user.has_usable_password():
        raise Refused(
            f"{user} has a password already. They can choose another from the login page."
        )
    user.set_unusable_password()
    user.save()
    log.info("user.invited", user=user.pk, by=by.pk)


def send(user: User, *, site: str, by: User) -> Invitation:
    """Mail the link, which begins with `site` ("https://triage.example.com"). Call it once `user` is committed.

    A mail server that refuses is no error: the link works all the same and can be handed over by other means.
    """
    link = site + _path(user)
    context = {"user": user, "by": by, "link": link, "days": links.INVITATION_LIFETIME.days}
    subject = " ".join(render_to_string("accounts/invitation_subject.txt", context).split())
    text = render_to_string("accounts/invitation_email.txt", context)
    try:
        send_mail(subject, text, None, [user.email])
    except OSError:
        log.exception("mail.failed", user=user.pk)
        return Invitation(user, link, is_mailed=False)
    return Invitation(user, link, is_mailed=True)


def _path(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("invitation", args=[uid, links.invitations.make_token(user)])
