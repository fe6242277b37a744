"""Events become deliveries: once, in order, with the objects of the API."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from tests.integration.webhooks.cases import add_ticket, add_webhook
from triage.exceptions import InvalidInput
from triage.models import (
    Alert,
    Budget,
    Delivery,
    Draft,
    DraftState,
    Event,
    EventKind,
    Period,
    Scope,
    Spend,
    events,
)
from triage.queue import TaskName
from triage.selectors.objects import message_object, ticket_object, tickets_with_all
from triage.services import tickets, webhooks
from triage.services.webhooks import telling

Sent = list[tuple[str, tuple[Any, ...]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What is asked of the workers, once committed."""
    found: Sent = []

    def enqueue(task: TaskName, *args: int | str) -> None:
        transaction.on_commit(lambda: found.append((task, args)))

    monkeypatch.setattr(telling, "enqueue", enqueue)
    monkeypatch.setattr(events, "enqueue", enqueue)
    return found


def told(kind: EventKind, **fields: Any) -> Any:
    """What a webhook that wants `kind` is told of such an event."""
    add_webhook("https://93.184.216.34/hook", kind)
    event = Event.objects.record(kind, **fields)
    webhooks.tell()
    return json.loads(Delivery.objects.get(event=event).body)


def test_each_webhook_is_told_what_it_wants(db: None) -> None:
    first = add_webhook()
    second = add_webhook("https://93.184.216.34/", EventKind.TICKET_CREATED, EventKind.DRAFT_READY)
    add_webhook("https://93.184.216.34/", EventKind.DRAFT_READY)
    ticket = add_ticket()
    Event.objects.all().delete()
    event = Event.objects.record(EventKind.TICKET_CREATED, ticket_id=ticket.pk)

    webhooks.tell()

    assert {(each.webhook, each.event) for each in Delivery.objects.all()} == {
        (first, event),
        (second, event),
    }
    event.refresh_from_db()
    assert event.is_told


def test_a_ticket_is_told_as_the_api_shows_it(db: None, bob: User) -> None:
    ticket = add_ticket(subject="Überweisung", requester_email="ana@example.com")

    body = told(EventKind.TICKET_UPDATED, ticket_id=ticket.pk, by_id=bob.pk)

    shown = json.loads(json.dumps(ticket_object(tickets_with_all().get(pk=ticket.pk))))
    assert body["type"] == "ticket.updated"
    assert body["data"] == {"by_id": bob.pk, "ticket": shown}
    at = datetime.fromisoformat(body["timestamp"])
    assert body["timestamp"].endswith("Z")
    assert abs((at - timezone.now()).total_seconds()) < 60


def test_changes_are_told_with_what_was_before(db: None) -> None:
    changes = {"status": ["new", "open"]}

    body = told(EventKind.STATUS_CHANGED, ticket_id=add_ticket().pk, changes=changes)

    assert body["data"]["changes"] == changes


def test_a_message_is_told_with_its_ticket(db: None, bob: User) -> None:
    ticket = add_ticket()
    message = tickets.add_message(ticket.pk, body="On its way.", by=bob)

    body = told(EventKind.MESSAGE_CREATED, ticket_id=ticket.pk, about_id=message.pk)

    assert body["data"]["message"] == message_object(message)
    assert body["data"]["ticket"]["id"] == ticket.pk


def test_a_draft_is_told_with_its_text(db: None, bob: User) -> None:
    ticket = add_ticket()
    draft = Draft.objects.create(
        ticket=ticket, by=bob, state=DraftState.READY, text="Dear Ana", finished_at=timezone.now()
    )

    body = told(EventKind.DRAFT_READY, ticket_id=ticket.pk, about_id=draft.pk)

    assert body["data"]["draft"]["id"] == draft.pk
    assert body["data"]["draft"]["text"] == "Dear Ana"


def test_a_budget_is_told_with_what_is_spent(db: None) -> None:
    budget = Budget.objects.create(
        scope=Scope.FEATURE, key="draft", period=Period.MONTH, hard_nanousd=5_000_000_000
    )
    Spend.objects.create(
        scope=Scope.FEATURE,
        key="draft",
        period=Period.MONTH,
        starts_on=datetime.now(UTC).date().replace(day=1),
        spent_nanousd=4_000_000_010,
        held_nanousd=0,
    )

    body = told(EventKind.QUOTA_EXCEEDED, about_id=budget.pk)

    shown = body["data"]["budget"]
    assert (shown["scope"], shown["key"], shown["period"]) == ("feature", "draft", "month")
    assert (shown["soft_usd"], shown["hard_usd"]) == (None, "5.000000000")
    assert shown["spent_usd"] == "4.000000010"


def test_a_limit_is_told_in_words_where_no_budget_is_named(db: None) -> None:
    said = {"limit": "the budget of draft for this day", "message": "It is used up."}

    body = told(EventKind.QUOTA_WARNING, changes=said)

    assert body["data"] == {"by_id": None, **said}


@pytest.mark.parametrize(
    ("kind", "has_ticket"),
    [
        (EventKind.TICKET_CREATED, False),
        (EventKind.MESSAGE_CREATED, True),
        (EventKind.DRAFT_SENT, True),
        (EventKind.QUOTA_WARNING, False),
    ],
)
def test_what_is_gone_is_not_told(kind: EventKind, has_ticket: bool, db: None) -> None:
    add_webhook("https://93.184.216.34/", kind)
    ticket_id = add_ticket().pk if has_ticket else None
    event = Event.objects.record(kind, ticket_id=ticket_id, about_id=404)

    webhooks.tell()

    event.refresh_from_db()
    assert event.is_told
    assert not Delivery.objects.filter(event=event).exists()


def test_where_nobody_listens_events_are_told_to_nobody(db: None) -> None:
    add_webhook(is_active=False)
    ticket = add_ticket()
    for _ in range(3):
        Event.objects.record(EventKind.TICKET_CREATED, ticket_id=ticket.pk)

    assert webhooks.tell() == 0

    assert not Event.objects.filter(is_told=False).exists()


def test_many_events_are_told_in_slices_and_in_order(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "SLICE_EVENTS", 7)
    add_webhook()
    ticket = add_ticket()
    Event.objects.all().delete()
    for _ in range(20):
        Event.objects.record(EventKind.TICKET_CREATED, ticket_id=ticket.pk)

    assert webhooks.tell() == 20

    told_in_order = Delivery.objects.order_by("due_at", "id").values_list("event_id", flat=True)
    assert list(told_in_order) == sorted(told_in_order)


def test_processes_that_tell_at_once_tell_each_event_once(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "SLICE_EVENTS", 5)
    add_webhook()
    ticket = add_ticket()
    Event.objects.all().delete()
    for _ in range(60):
        Event.objects.record(EventKind.TICKET_CREATED, ticket_id=ticket.pk)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: _tell_and_leave(), range(4)))

    assert sum(made) + webhooks.tell() == 60
    assert Delivery.objects.count() == 60


def _tell_and_leave() -> int:
    try:
        return webhooks.tell()
    finally:
        connection.close()


def test_an_event_is_there_only_if_what_happened_is(transactional_db: None) -> None:
    def fail() -> None:
        with transaction.atomic():
            Event.objects.record(EventKind.QUOTA_WARNING, about_id=1)
            raise InvalidInput("status", "is unknown")

    with pytest.raises(InvalidInput):
        fail()

    assert not Event.objects.exists()


def test_a_burst_of_events_asks_for_one_telling(transactional_db: None, sent: Sent) -> None:
    add_webhook()

    for _ in range(5):
        Event.objects.record(EventKind.QUOTA_WARNING, about_id=1)

    assert sent == [(TaskName.TELL_WEBHOOKS, ())]


def test_many_events_written_at_once_ask_for_a_telling(transactional_db: None, sent: Sent) -> None:
    add_webhook()

    Event.objects.bulk_create([Event(kind=EventKind.QUOTA_WARNING) for _ in range(2)])

    assert sent == [(TaskName.TELL_WEBHOOKS, ())]


def test_where_nobody_listens_no_message_is_sent(transactional_db: None, sent: Sent) -> None:
    add_webhook(is_active=False)

    Event.objects.record(EventKind.QUOTA_WARNING, about_id=1)

    assert sent == []


def test_telling_wakes_a_worker_for_each_webhook_with_something_due(
    transactional_db: None, sent: Sent
) -> None:
    first, second = add_webhook(), add_webhook()
    add_webhook("https://93.184.216.34/", EventKind.DRAFT_READY)
    ticket = add_ticket()
    sent.clear()
    Event.objects.record(EventKind.TICKET_CREATED, ticket_id=ticket.pk)

    webhooks.tell()

    asked = [args for task, args in sent if task == TaskName.DELIVER_WEBHOOKS]
    assert asked == [(first.pk,), (second.pk,)]
    assert not Alert.objects.exists()
