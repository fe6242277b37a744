"""Deliveries arrive, once or again, whatever the receiver and our own processes do."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError

from tests.integration.webhooks.cases import (
    add_delivery,
    add_ticket,
    add_webhook,
    days_ago,
    make_due,
    state_of,
    verified,
)
from tests.integration.webhooks.receiver import Receiver
from triage.models import Alert, AlertKind, Delivery, DeliveryState, Event, EventKind, Webhook
from triage.services import webhooks

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_new_ticket_arrives_signed(receiver: Receiver) -> None:
    webhook = add_webhook(receiver.url)
    ticket = add_ticket()
    Event.objects.all().delete()
    Event.objects.record(EventKind.TICKET_CREATED, ticket_id=ticket.pk)
    webhooks.tell()

    webhooks.deliver_due(webhook.pk)

    (got,) = receiver.got
    read = verified(got, webhook.secret)
    assert (read["type"], read["data"]["ticket"]["id"]) == ("ticket.created", ticket.pk)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 1)
    assert delivery.finished_at is not None
    assert delivery.log[0]["status"] == 204


def test_what_somebody_else_signed_is_refused_by_the_receiver(receiver: Receiver) -> None:
    add_delivery(webhook := add_webhook(receiver.url))

    webhooks.deliver_due(webhook.pk)

    with pytest.raises(WebhookVerificationError):
        verified(receiver.got[0], add_webhook().secret)


def test_after_a_rotation_both_secrets_verify_for_a_day(receiver: Receiver) -> None:
    webhook = add_webhook(receiver.url)
    _, new = webhooks.rotate_secret(webhook.pk, by=webhook.by)
    add_delivery(webhook)

    webhooks.deliver_due(webhook.pk)
    Webhook.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    add_delivery(webhook)
    webhooks.deliver_due(webhook.pk)

    during, after = receiver.got
    assert verified(during, webhook.secret)
    assert verified(during, new)
    assert verified(after, new)
    with pytest.raises(WebhookVerificationError):
        verified(after, webhook.secret)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503])
def test_what_may_do_later_is_tried_again_with_the_same_id_and_bytes(
    status: int, receiver: Receiver
) -> None:
    receiver.answers = [status, 204]
    delivery = add_delivery(webhook := add_webhook(receiver.url))

    webhooks.deliver_due(webhook.pk)
    assert state_of(delivery) == DeliveryState.PENDING
    assert webhooks.deliver_due(webhook.pk) == 0  # not before its time
    make_due(delivery)
    webhooks.deliver_due(webhook.pk)

    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == delivery.message_id
    assert first.body == second.body == delivery.body
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 2)
    assert [line["status"] for line in delivery.log] == [status, 204]


def test_a_later_try_is_signed_at_its_own_time(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = add_delivery(webhook := add_webhook(receiver.url), gives_up_at=days_ago(-3))
    receiver.answers = [500, 204]
    a_day_ago = timezone.now() - timedelta(days=1)
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: a_day_ago)
        webhooks.deliver_due(webhook.pk)
    make_due(delivery)

    webhooks.deliver_due(webhook.pk)

    old, new = receiver.got
    assert verified(new, webhook.secret)
    with pytest.raises(WebhookVerificationError, match="too old"):
        verified(old, webhook.secret)


def test_nobody_there_is_tried_again(private_allowed: None) -> None:
    delivery = add_delivery(webhook := add_webhook("http://127.0.0.1:9/"))

    webhooks.deliver_due(webhook.pk)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.PENDING
    assert delivery.log[0]["status"] is None
    assert "Connection refused" in delivery.log[0]["error"]


def test_retry_after_puts_the_next_try_off(receiver: Receiver) -> None:
    receiver.answers = [(503, {"Retry-After": "3600"}, b"")]
    delivery = add_delivery(webhook := add_webhook(receiver.url))

    webhooks.deliver_due(webhook.pk)

    delivery.refresh_from_db()
    wait = delivery.due_at - timezone.now()
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


def test_a_retry_after_beyond_the_day_ends_with_the_day(receiver: Receiver) -> None:
    receiver.answers = [(503, {"Retry-After": "999999999999"}, b"")]
    delivery = add_delivery(webhook := add_webhook(receiver.url))

    webhooks.deliver_due(webhook.pk)

    delivery.refresh_from_db()
    assert delivery.due_at == delivery.gives_up_at


def test_when_the_day_is_over_the_last_try_is_the_last(receiver: Receiver) -> None:
    receiver.answers = [500]
    delivery = add_delivery(webhook := add_webhook(receiver.url), gives_up_at=timezone.now())

    webhooks.deliver_due(webhook.pk)

    assert state_of(delivery) == DeliveryState.FAILED
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 413, 422])
def test_what_will_not_do_later_is_given_up_at_once(status: int, receiver: Receiver) -> None:
    receiver.answers = [(status, {"Location": receiver.url}, b"wrong door")]
    delivery = add_delivery(webhook := add_webhook(receiver.url))

    webhooks.deliver_due(webhook.pk)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert delivery.log[0]["error"].startswith(f"{status}: ")
    assert delivery.log[0]["response"] == "wrong door"
    webhook.refresh_from_db()
    assert webhook.is_active
    assert webhook.failing_since is not None


def test_a_receiver_that_is_gone_is_switched_off_with_notice(receiver: Receiver) -> None:
    receiver.answers = [410]
    webhook = add_webhook(receiver.url)
    first, waiting = add_delivery(webhook), add_delivery(webhook)

    webhooks.deliver_due(webhook.pk)

    webhook.refresh_from_db()
    assert not webhook.is_active
    assert webhook.disabled_reason == "The receiver answered 410: it wants no more."
    assert state_of(first) == state_of(waiting) == DeliveryState.FAILED
    assert len(receiver.got) == 1
    assert_noticed(webhook)


def test_after_three_days_of_failures_the_webhook_is_switched_off_once(
    receiver: Receiver,
) -> None:
    receiver.answers = [500]
    webhook = add_webhook(receiver.url, failing_since=days_ago(3.01))
    delivery = add_delivery(webhook)
    add_delivery(webhook)

    webhooks.deliver_due(webhook.pk)
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.PENDING, finished_at=None)
    webhooks.deliver_due(webhook.pk)

    webhook.refresh_from_db()
    assert not webhook.is_active
    assert webhook.disabled_reason == "It failed for 3 days without one success."
    assert_noticed(webhook)


def assert_noticed(webhook: Webhook) -> None:
    alert = Alert.objects.get()
    assert (alert.kind, alert.scope) == (AlertKind.WEBHOOK_DISABLED, f"webhook {webhook.pk}")
    assert alert.message.startswith(webhook.disabled_reason)
    (letter,) = mail.outbox
    assert letter.to == ["owner@example.com"]
    assert webhook.url in letter.body
    assert webhook.disabled_reason in letter.body


def test_less_than_three_days_of_failures_switch_nothing_off(receiver: Receiver) -> None:
    receiver.answers = [500]
    webhook = add_webhook(receiver.url, failing_since=days_ago(2.9))
    add_delivery(webhook)

    webhooks.deliver_due(webhook.pk)

    webhook.refresh_from_db()
    assert webhook.is_active
    assert webhook.failing_since is not None
    assert mail.outbox == []


def test_one_success_ends_the_days_of_failures(receiver: Receiver) -> None:
    webhook = add_webhook(receiver.url, failing_since=days_ago(5))
    add_delivery(webhook)

    webhooks.deliver_due(webhook.pk)

    webhook.refresh_from_db()
    assert webhook.failing_since is None
    assert webhook.last_delivered_at is not None


def test_a_mail_server_that_is_down_changes_nothing(receiver: Receiver, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    receiver.answers = [410]
    add_delivery(webhook := add_webhook(receiver.url))

    webhooks.deliver_due(webhook.pk)

    webhook.refresh_from_db()
    assert not webhook.is_active
