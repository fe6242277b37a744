"""Webhooks, events and deliveries for tests, saying only what a test is about."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from accounts.models import Role, User
from tests.factories.intake import new_ticket
from tests.integration.webhooks.receiver import Got
from triage.models import Delivery, DeliveryState, Event, EventKind, Ticket, Webhook
from triage.services import intake, webhooks
from triage.services.webhooks.telling import new_message_id


def add_webhook(
    url: str = "https://93.184.216.34/hook", *kinds: EventKind, **fields: Any
) -> Webhook:
    """One that wants `kinds`, by default to hear of new tickets."""
    owner, _ = User.objects.get_or_create(email="owner@example.com", defaults={"role": Role.ADMIN})
    webhook, _ = webhooks.create(url, kinds=kinds or [EventKind.TICKET_CREATED], by=owner)
    Webhook.objects.filter(pk=webhook.pk).update(**fields)
    webhook.refresh_from_db()
    return webhook


def add_ticket(**fields: Any) -> Ticket:
    return Ticket.objects.get(pk=intake.receive(new_ticket(**fields)).ticket.pk)


def add_delivery(webhook: Webhook, *, body: str = '{"n":1}', **fields: Any) -> Delivery:
    """One that is due now, of an event of its own."""
    event = Event.objects.create(kind=EventKind.TICKET_CREATED, is_told=True)
    now = timezone.now()
    values = {"due_at": now, "gives_up_at": now + timedelta(hours=24), **fields}
    return Delivery.objects.create(
        webhook=webhook, event=event, message_id=new_message_id(), body=body, **values
    )


def make_due(delivery: Delivery) -> None:
    """The pause is over."""
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())


def state_of(delivery: Delivery) -> str:
    return Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk)


def all_delivered() -> bool:
    return not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists()


def verified(got: Got, secret: str) -> Any:
    """What a receiver that knows the secret reads; raises where the signature does not fit."""
    return Verifier(secret).verify(got.body, dict(got.headers))


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)
