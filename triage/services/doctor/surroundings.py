"""Probes of what surrounds the application: mail, the settings, and room on the disk."""

import os
import shutil
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.checks.messages import ERROR
from django.core.mail import get_connection

from triage.services.doctor.probing import Found, State

SMTP = "django.core.mail.backends.smtp.EmailBackend"
MAIL_SECONDS = 3.0
GIGABYTE = 10**9
LITTLE_BYTES, TOO_LITTLE_BYTES = 2 * GIGABYTE, GIGABYTE // 5
NAMED_AT_MOST = 4


def mail() -> Found:
    """Opens a connection and logs in; sends nothing."""
    if settings.EMAIL_BACKEND != SMTP:
        text = "Mails are printed and reach nobody: alerts, invitations, new passwords, replies."
        return Found(State.WARNING, text, "Set EMAIL_URL, for example smtp+tls://user:…@host:587")
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connection = get_connection(timeout=MAIL_SECONDS)
    try:
        connection.open()
        connection.close()
    except OSError as error:  # what smtplib raises is one too
        text = f"The mail server {place} cannot be used: {type(error).__name__}."
        return Found(State.BROKEN, text, "See whether it runs, and whether EMAIL_URL is right.")
    return Found(State.OK, f"The mail server {place} answers and lets us in.")


def setup() -> Found:
    """The system checks, with those for production unless DEBUG is on."""
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        text = "ALLOWED_HOSTS allows every name: links in mails can be made to lead elsewhere."
        return Found(State.WARNING, text, "Set ALLOWED_HOSTS to the names people use.")
    said = _messages()
    if not said:
        return _debug() if settings.DEBUG else Found(State.OK, "Every system check passes.")
    named = "; ".join(f"{each.id}: {_first_sentence(each.msg)}" for each in said[:NAMED_AT_MOST])
    more = f"; and {len(said) - NAMED_AT_MOST} more" if len(said) > NAMED_AT_MOST else ""
    state = State.BROKEN if said[0].level >= ERROR else State.WARNING
    return Found(state, f"{named}{more}.", said[0].hint or "python manage.py check --deploy")


def _debug() -> Found:
    text = "Every system check passes. DEBUG is on, which is for one's own machine alone."
    return Found(State.OK, text)


def _messages() -> list[CheckMessage]:
    """Each once, the worst first."""
    in_production = not settings.DEBUG
    said = [
        *run_checks(),
        *run_checks(tags=[Tags.security], include_deployment_checks=in_production),
    ]
    found = {(each.id, each.msg): each for each in said if not each.is_silenced()}
    return sorted(found.values(), key=lambda each: (-each.level, each.id or ""))


def _first_sentence(text: str) -> str:
    return text.split(". ", maxsplit=1)[0].rstrip(".")


def disk() -> Found:
    """Room for uploads, logs and, on one machine, the private servers."""
    folder = _nearest(settings.TRIAGE_UPLOADS)
    free = shutil.disk_usage(folder).free
    text = f"{free / GIGABYTE:,.1f} GB are free where uploads are kept."
    if not os.access(folder, os.W_OK):
        return Found(
            State.BROKEN, f"{folder} cannot be written to.", "Change its owner or its rights."
        )
    if free < TOO_LITTLE_BYTES:
        return Found(State.BROKEN, text, "Free some room: uploads and the database need it.")
    if free < LITTLE_BYTES:
        return Found(State.WARNING, text, "Free some room, or set TRIAGE_UPLOADS to another disk.")
    return Found(State.OK, text)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(each for each in (folder, *folder.resolve().parents) if each.exists())
