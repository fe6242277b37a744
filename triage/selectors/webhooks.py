"""Webhooks and their deliveries, as admins and integrations look at them. Secrets are no part of it."""

import json

from django.db.models import QuerySet

from triage.models import Delivery, DeliveryState, Webhook
from triage.selectors.objects import Json, time_of


def deliveries() -> QuerySet[Delivery]:
    """With what `delivery_object` shows, in one query for any number; what was sent is left out."""
    return Delivery.objects.select_related("event").defer("body")


def webhook_object(webhook: Webhook) -> Json:
    return {
        "id": webhook.pk,
        "url": webhook.url,
        "description": webhook.description or None,
        "kinds": webhook.kinds,
        "active": webhook.is_active,
        "disabled_reason": webhook.disabled_reason or None,
        "failing_since": time_of(webhook.failing_since),
        "last_delivered_at": time_of(webhook.last_delivered_at),
        "last_failed_at": time_of(webhook.last_failed_at),
        "old_secret_until": time_of(webhook.old_secret_until),
        "by_id": webhook.by_id,
        "created_at": time_of(webhook.created_at),
        "updated_at": time_of(webhook.updated_at),
    }


def delivery_object(delivery: Delivery) -> Json:
    """Without what was sent; `due_at` is the next try's time while there is to be one."""
    is_waiting = delivery.state == DeliveryState.PENDING
    return {
        "id": delivery.pk,
        "webhook_id": delivery.webhook_id,
        "message_id": delivery.message_id,
        "type": delivery.event.kind,
        "ticket_id": delivery.event.ticket_id,
        "state": delivery.state,
        "tries": delivery.tries,
        "log": delivery.log,
        "due_at": time_of(delivery.due_at) if is_waiting else None,
        "created_at": time_of(delivery.created_at),
        "finished_at": time_of(delivery.finished_at),
    }


def whole_delivery_object(delivery: Delivery) -> Json:
    """With what was sent."""
    return delivery_object(delivery) | {"payload": json.loads(delivery.body)}
