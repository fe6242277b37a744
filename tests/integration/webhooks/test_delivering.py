"""Deliveries arrive, once or again, whatever the receiver and our own processes do."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError

from tests import processes
from tests.integration.webhooks.cases import (
    add_delivery,
    add_ticket,
    add_webhook,
    all_delivered,
    days_ago,
    make_due,
    state_of,
    verified,
)
from tests.integration.webhooks.receiver import Receiver, receiving
from triage.models import Alert, AlertKind, Delivery, DeliveryState, Event, EventKind, Webhook
from triage.services import webhooks
from triage.services.webhooks import claims, delivering, judging, sending

pytestmark = pytest.mark.django_db(transaction=True)


def deliver_and_leave(webhook_id: int) -> int:
    """As a worker's thread does it."""
    try:
        return webhooks.deliver_due(webhook_id)
    finally:
        connection.close()


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


def test_a_hundred_events_arrive_in_their_order(receiver: Receiver) -> None:
    webhook = add_webhook(receiver.url, EventKind.TICKET_UPDATED)
    ticket = add_ticket()
    for number in range(100):
        changes = {"number": [None, number]}
        Event.objects.record(EventKind.TICKET_UPDATED, ticket_id=ticket.pk, changes=changes)
    webhooks.tell()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(deliver_and_leave, [webhook.pk] * 3))
    webhooks.deliver_due(webhook.pk)

    told = [verified(got, webhook.secret)["data"]["changes"]["number"][1] for got in receiver.got]
    assert told == list(range(100))
    assert all_delivered()


def test_workers_at_once_send_nothing_twice(receiver: Receiver) -> None:
    webhook = add_webhook(receiver.url)
    for _ in range(20):
        add_delivery(webhook)

    with ThreadPoolExecutor(4) as pool:
        tries = sum(pool.map(deliver_and_leave, [webhook.pk] * 4))

    webhooks.deliver_due(webhook.pk)
    assert tries <= 20
    assert len(receiver.ids) == len(set(receiver.ids)) == 20


def slow(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def test_a_slow_receiver_does_not_stop_another(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 2.0)
    receiver.answers = [slow]
    stuck = add_webhook(receiver.url)
    add_delivery(stuck)
    with receiving() as quick, ThreadPoolExecutor(1) as pool:
        webhook = add_webhook(quick.url)
        delivery = add_delivery(webhook)
        waiting = pool.submit(deliver_and_leave, stuck.pk)
        assert receiver.arrived.wait(5)

        webhooks.deliver_due(webhook.pk)

        assert state_of(delivery) == DeliveryState.DELIVERED
        assert not waiting.done()


def test_one_receivers_backlog_is_sent_slice_by_slice(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "SLICE_SECONDS", 0.0)
    webhook = add_webhook(receiver.url)
    add_delivery(webhook)
    add_delivery(webhook)

    assert webhooks.deliver_due(webhook.pk) == 1
    assert webhooks.deliver_due(webhook.pk) == 1
    assert webhooks.deliver_due(webhook.pk) == 0


def test_no_database_connection_is_held_while_a_receiver_is_waited_for(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Any] = []

    def post(*args: Any, **kwargs: Any) -> sending.Answer:
        held.append(connection.connection)
        return sending.post(*args, **kwargs)

    monkeypatch.setattr(delivering, "post", post)
    add_delivery(webhook := add_webhook(receiver.url))

    webhooks.deliver_due(webhook.pk)

    assert held == [None]


def hanging(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(8)


def test_a_worker_killed_in_the_middle_leaves_the_delivery_to_another(receiver: Receiver) -> None:
    receiver.answers = [hanging, 204]
    delivery = add_delivery(webhook := add_webhook(receiver.url))
    child = processes.start(
        *("-m", "tests.integration.webhooks.deliverer", str(webhook.pk), "3"),
        is_heard=False,
        TRIAGE_WEBHOOKS_ALLOW_PRIVATE="1",
        TRIAGE_WEBHOOKS_ALLOW_HTTP="1",
    )
    try:
        assert receiver.arrived.wait(20)
    finally:
        processes.kill(child)
    assert webhooks.deliver_due(webhook.pk) == 0  # its lease still runs

    ends = time.monotonic() + 10
    while not webhooks.deliver_due(webhook.pk):
        assert time.monotonic() < ends
        time.sleep(0.1)

    assert receiver.ids == [delivery.message_id] * 2
    assert state_of(delivery) == DeliveryState.DELIVERED


def test_what_broke_a_worker_waits_behind_the_others(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.3)
    webhook = add_webhook(receiver.url)
    first, second = add_delivery(webhook), add_delivery(webhook)

    def breaking(*args: Any, **kwargs: Any) -> sending.Answer:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "post", breaking)
        with pytest.raises(ZeroDivisionError):
            webhooks.deliver_due(webhook.pk)
    time.sleep(0.4)
    webhooks.deliver_due(webhook.pk)

    assert receiver.ids == [second.message_id, first.message_id]


def test_who_lost_the_lease_changes_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that slept through its lease comes back with a failure after another one delivered."""
    receiver.answers = [500]
    delivery = add_delivery(webhook := add_webhook(receiver.url))
    judge = judging.judge

    def late(answer: sending.Answer) -> judging.Judged:
        Delivery.objects.update(
            state=DeliveryState.DELIVERED, finished_at=timezone.now(), lease_until=None
        )
        return judge(answer)

    monkeypatch.setattr(delivering, "judge", late)

    webhooks.deliver_due(webhook.pk)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DELIVERED
    assert delivery.log == []
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_a_name_that_moved_into_the_house_is_tried_again_later_and_never_asked(
    receiver: Receiver, settings: Settings
) -> None:
    delivery = add_delivery(webhook := add_webhook(receiver.url))
    settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE = False

    webhooks.deliver_due(webhook.pk)

    delivery.refresh_from_db()
    assert receiver.got == []
    assert delivery.state == DeliveryState.PENDING
    assert "private" in delivery.log[0]["error"]


def test_a_webhook_that_is_gone_is_no_work() -> None:
    assert webhooks.deliver_due(404) == 0
