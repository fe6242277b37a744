"""Switching webhooks on and off. One that fails for days is switched off, with an alert and a mail to its owner."""

from datetime import timedelta
from functools import partial

import structlog
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from triage.models import Alert, AlertKind, Webhook
from triage.services.webhooks import claims

log = structlog.get_logger(__name__)

PATIENCE = timedelta(days=3)
OFF = "The webhook was switched off."
MAIL = """\
Triage no longer sends events to

    {url}

{reason}

What still waited was given up; the log of deliveries, where each can be sent again, is kept for 30 days. Once the
receiver is well again, switch the webhook on in the admin area.
"""


def scope_of(webhook: Webhook) -> str:
    """What the alert of a webhook is about."""
    return f"webhook {webhook.pk}"


def has_failed_for_days(webhook: Webhook) -> bool:
    since = webhook.failing_since
    return since is not None and timezone.now() - since >= PATIENCE


def switch_off_with_notice(webhook: Webhook, reason: str) -> None:
    """Switch off a webhook that the caller has locked, and tell the operator and its owner why, once."""
    if not webhook.is_active:
        return
    switch_off(webhook, reason)
    text = f"{reason} Events are no longer sent to {webhook.url}"
    Alert.objects.open_once(AlertKind.WEBHOOK_DISABLED, scope=scope_of(webhook), message=text)
    transaction.on_commit(partial(_mail, webhook, reason), robust=True)


def switch_off(webhook: Webhook, reason: str) -> None:
    """Send nothing more to a webhook that the caller has locked; what waits is given up."""
    webhook.is_active = False
    webhook.disabled_reason = reason
    webhook.save(update_fields=["is_active", "disabled_reason", "updated_at"])
    claims.give_up_waiting(webhook.pk, OFF)


def switch_on(webhook: Webhook) -> None:
    """Send new events to a webhook that the caller has locked; its past failures no longer count."""
    webhook.is_active = True
    webhook.disabled_reason = ""
    webhook.failing_since = None
    webhook.save(update_fields=["is_active", "disabled_reason", "failing_since", "updated_at"])
    Alert.objects.resolve(AlertKind.WEBHOOK_DISABLED, scope=scope_of(webhook))


def _mail(webhook: Webhook, reason: str) -> None:
    owner = User.objects.get(pk=webhook.by_id)
    text = MAIL.format(url=webhook.url, reason=reason)
    try:
        send_mail("Triage switched a webhook off", text, None, [owner.email])
    except OSError as error:  # what SMTP raises is one too
        log.warning("a mail could not be sent", webhook=webhook.pk, error=str(error))
