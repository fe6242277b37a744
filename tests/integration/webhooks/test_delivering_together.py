"""Deliveries while many are at work: in order, never twice, past slow receivers and killed workers."""

import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tests import processes
from tests.integration.webhooks.cases import (
    add_delivery,
    add_ticket,
    add_webhook,
    all_delivered,
    state_of,
    verified,
)
from tests.integration.webhooks.receiver import Receiver, receiving
from triage.models import Delivery, DeliveryState, Event, EventKind
from triage.services import webhooks
from triage.services.webhooks import claims, delivering, judging, sending

pytestmark = pytest.mark.django_db(transaction=True)


def deliver_and_leave(webhook_id: int) -> int:
    """As a worker's thread does it."""
    try:
        return webhooks.deliver_due(webhook_id)
    finally:
        connection.close()


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
