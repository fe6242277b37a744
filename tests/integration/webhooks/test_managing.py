"""What people do with webhooks."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.webhooks.cases import add_delivery, add_webhook, days_ago, state_of
from tests.integration.webhooks.receiver import Receiver
from triage.exceptions import Conflict, InvalidInput
from triage.models import Alert, AlertKind, Delivery, DeliveryState, Event, EventKind, Webhook
from triage.services import webhooks
from triage.services.webhooks import KINDS, Changes, addresses

URL = "https://93.184.216.34/hook"
LOOPBACK = ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://2130706433/"]


def test_a_new_webhook_has_a_secret_and_wants_what_was_asked_for(bob: User) -> None:
    webhook, secret = webhooks.create(
        URL, kinds=["draft.ready", "ticket.created", "draft.ready"], by=bob, description=" Shop\n"
    )

    webhook.refresh_from_db()
    assert (webhook.url, webhook.description, webhook.by) == (URL, "Shop", bob)
    assert webhook.kinds == ["ticket.created", "draft.ready"]
    assert webhook.secret == secret
    assert webhook.is_active


@pytest.mark.parametrize("url", [*LOOPBACK, "https://169.254.169.254/latest", "https://10.0.0.1/"])
def test_an_address_inside_the_house_is_refused_when_it_is_entered(url: str, bob: User) -> None:
    with pytest.raises(InvalidInput) as caught:
        webhooks.create(url, kinds=KINDS, by=bob)

    assert caught.value.field == "url"
    assert "private" in caught.value.message
    assert not Webhook.objects.exists()


def test_the_operator_may_allow_addresses_inside_the_house(bob: User, settings: Settings) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE = True

    webhook, _ = webhooks.create("https://127.0.0.1:8443/hook", kinds=KINDS, by=bob)

    assert webhook.url == "https://127.0.0.1:8443/hook"


def test_a_name_that_stands_for_nothing_yet_may_be_entered(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(host: str, *, within_seconds: float) -> list[str]:
        raise addresses.HostUnknown("The host's name cannot be resolved.")

    monkeypatch.setattr(addresses, "lookup", unknown)

    webhook, _ = webhooks.create("https://hooks.example.com/", kinds=KINDS, by=bob)

    assert webhook.is_active


@pytest.mark.parametrize(
    "kinds", [[], ["ticket.exploded"], ["webhook.test"], ["ticket.created", "x"]]
)
def test_events_that_are_unknown_or_none_are_refused(kinds: list[str], bob: User) -> None:
    with pytest.raises(InvalidInput) as caught:
        webhooks.create(URL, kinds=kinds, by=bob)

    assert caught.value.field == "kinds"


def test_a_change_sets_what_is_given_and_leaves_the_rest(bob: User) -> None:
    webhook = add_webhook(description="Shop", failing_since=days_ago(1))

    changed = webhooks.change(webhook.pk, Changes(kinds=["draft.sent"]), by=bob)

    assert (changed.url, changed.description, changed.kinds) == (URL, "Shop", ["draft.sent"])
    assert changed.failing_since == webhook.failing_since


def test_at_another_address_past_failures_do_not_count(bob: User) -> None:
    webhook = add_webhook(failing_since=days_ago(2))

    changed = webhooks.change(webhook.pk, Changes(url=f"{URL}/2"), by=bob)

    assert changed.failing_since is None


@pytest.mark.parametrize("changes", [Changes(url="https://127.0.0.1/"), Changes(kinds=["x"])])
def test_an_unusable_change_changes_nothing(changes: Changes, bob: User) -> None:
    webhook = add_webhook()

    with pytest.raises(InvalidInput):
        webhooks.change(webhook.pk, changes, by=bob)

    assert Webhook.objects.get().url == URL


def test_switched_off_it_gives_up_what_waits(bob: User) -> None:
    webhook, other = add_webhook(), add_webhook()
    waiting, elsewhere = add_delivery(webhook), add_delivery(other)
    done = add_delivery(webhook, state=DeliveryState.DELIVERED, finished_at=timezone.now())

    webhooks.change(webhook.pk, Changes(is_active=False), by=bob)

    waiting.refresh_from_db()
    assert waiting.state == DeliveryState.FAILED
    assert waiting.log[-1]["error"] == "The webhook was switched off."
    assert state_of(done) == DeliveryState.DELIVERED
    assert state_of(elsewhere) == DeliveryState.PENDING
    assert Webhook.objects.get(pk=webhook.pk).disabled_reason == "Switched off by Bob."
    assert not Alert.objects.exists()


def test_switched_on_again_its_alert_is_over_and_its_failures_forgotten(bob: User) -> None:
    webhook = add_webhook(is_active=False, disabled_reason="It failed.", failing_since=days_ago(4))
    scope = f"webhook {webhook.pk}"
    Alert.objects.open_once(AlertKind.WEBHOOK_DISABLED, scope=scope, message="It failed.")

    changed = webhooks.change(webhook.pk, Changes(is_active=True), by=bob)

    assert (changed.is_active, changed.disabled_reason, changed.failing_since) == (True, "", None)
    assert Alert.objects.get().resolved_at is not None


def test_a_rotation_keeps_the_old_secret_for_a_day(bob: User) -> None:
    webhook = add_webhook()

    rotated, secret = webhooks.rotate_secret(webhook.pk, by=bob)

    assert secret == rotated.secret != webhook.secret
    assert rotated.old_secret == webhook.secret
    assert rotated.old_secret_until is not None
    left = rotated.old_secret_until - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)


def test_a_deleted_webhook_takes_its_log_and_its_alert_with_it(bob: User) -> None:
    webhook = add_webhook()
    add_delivery(webhook)
    scope = f"webhook {webhook.pk}"
    Alert.objects.open_once(AlertKind.WEBHOOK_DISABLED, scope=scope, message="It failed.")

    webhooks.delete(webhook.pk, by=bob)

    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
    assert Event.objects.exists()
    assert Alert.objects.get().resolved_at is not None


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("status", [204, 500, 410])
def test_a_test_is_tried_once_and_counts_for_nothing(
    is_active: bool, status: int, transactional_db: None, receiver: Receiver, bob: User
) -> None:
    receiver.answers = [status]
    since = days_ago(5)
    webhook = add_webhook(receiver.url, is_active=is_active, failing_since=since)

    delivery = webhooks.send_test(webhook.pk, by=bob)
    webhooks.deliver_due(webhook.pk)

    delivery.refresh_from_db()
    is_delivered = delivery.state == DeliveryState.DELIVERED
    assert (is_delivered, delivery.tries) == (status == 204, 1)
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (is_active, since)
    assert '"type":"webhook.test"' in receiver.got[0].body


def test_a_redelivery_is_the_same_bytes_under_the_same_id(
    transactional_db: None, receiver: Receiver, bob: User
) -> None:
    receiver.answers = [400, 204]
    delivery = add_delivery(webhook := add_webhook(receiver.url), gives_up_at=days_ago(1))
    webhooks.deliver_due(webhook.pk)

    again = webhooks.redeliver(delivery.pk, by=bob)

    assert (again.state, again.tries) == (DeliveryState.PENDING, 0)
    assert again.gives_up_at - timezone.now() > timedelta(hours=23)
    webhooks.deliver_due(webhook.pk)
    first, second = receiver.got
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    again.refresh_from_db()
    assert again.state == DeliveryState.DELIVERED
    assert [line["status"] for line in again.log] == [400, 204]


def test_to_a_webhook_that_is_off_nothing_is_sent_once_more(bob: User) -> None:
    delivery = add_delivery(
        add_webhook(is_active=False), state=DeliveryState.FAILED, finished_at=timezone.now()
    )

    with pytest.raises(Conflict):
        webhooks.redeliver(delivery.pk, by=bob)

    assert state_of(delivery) == DeliveryState.FAILED


def test_what_is_not_there_cannot_be_worked_with(bob: User) -> None:
    with pytest.raises(Webhook.DoesNotExist):
        webhooks.rotate_secret(404, by=bob)
    with pytest.raises(Webhook.DoesNotExist):
        webhooks.send_test(404, by=bob)
    with pytest.raises(Delivery.DoesNotExist):
        webhooks.redeliver(404, by=bob)


def test_prune_takes_what_is_old_and_over(db: None) -> None:
    webhook = add_webhook()
    done: dict[str, Any] = {"state": DeliveryState.DELIVERED, "finished_at": timezone.now()}
    old = add_delivery(webhook, created_at=days_ago(31), **done)
    waiting = add_delivery(webhook, created_at=days_ago(31))
    young = add_delivery(webhook, created_at=days_ago(29), **done)
    Event.objects.update(created_at=days_ago(31))
    untold = Event.objects.create(kind=EventKind.TICKET_CREATED, created_at=days_ago(31))

    assert webhooks.prune() == 2

    assert set(Delivery.objects.all()) == {waiting, young}
    assert set(Event.objects.all()) == {waiting.event, young.event, untold}
    assert old.event not in Event.objects.all()
