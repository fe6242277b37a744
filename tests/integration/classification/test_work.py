"""What is sent to the workers, and when: counted in the real broker."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from triage.models import Channel, State, Triage
from triage.services import classification, intake
from triage.services.intake import NewTicket

QUEUE = "triage"


@pytest.fixture(autouse=True)
def broker(transactional_db: None) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(QUEUE)
    yield client
    client.delete(QUEUE)
    client.close()


def receive(count: int) -> list[Triage]:
    new = [NewTicket(description=f"Order {n} is broken", channel=Channel.API) for n in range(count)]
    stored = intake.receive_many(new, is_urgent=False)
    return [s.ticket.triage for s in stored if s.ticket.triage]


def test_a_new_ticket_is_sent_as_soon_as_it_is_stored(broker: redis.Redis) -> None:
    intake.receive(NewTicket(description="My order is broken", channel=Channel.API))

    assert broker.llen(QUEUE) == 1


def test_all_that_waits_is_sent_once_in_batches(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classification.work, "ENQUEUE_BATCH", 3)
    receive(7)

    assert list(classification.enqueue_waiting()) == [3, 3, 1]
    assert broker.llen(QUEUE) == 7


def test_a_limit_sends_the_oldest_due_first_and_no_more(broker: redis.Redis) -> None:
    runs = receive(5)

    assert sum(classification.enqueue_waiting(2)) == 2

    sent = Triage.objects.order_by("-enqueued_at").values_list("pk", flat=True)[:2]
    assert set(sent) == {runs[0].pk, runs[1].pk}


def test_the_sweep_leaves_what_was_sent_a_moment_ago(broker: redis.Redis) -> None:
    receive(3)

    assert classification.sweep() == 0


def test_the_sweep_sends_what_was_sent_long_ago_and_still_waits(broker: redis.Redis) -> None:
    receive(3)
    Triage.objects.update(enqueued_at=timezone.now() - timedelta(seconds=30))

    assert classification.sweep() == 3
    assert classification.sweep() == 0


def test_the_sweep_finds_a_run_whose_worker_is_gone(broker: redis.Redis) -> None:
    past = timezone.now() - timedelta(seconds=30)
    receive(1)
    Triage.objects.update(state=State.RUNNING, lease_until=past, enqueued_at=past)

    assert classification.sweep() == 1


def test_the_sweep_leaves_a_skipped_run_until_it_is_due(broker: redis.Redis) -> None:
    past = timezone.now() - timedelta(seconds=30)
    receive(2)
    soon, later = Triage.objects.order_by("pk")
    skipped = Triage.objects.filter(pk__in=[soon.pk, later.pk])
    skipped.update(state=State.SKIPPED, skip_reason="an outage", enqueued_at=past)
    Triage.objects.filter(pk=later.pk).update(due_at=timezone.now() + timedelta(minutes=5))

    assert classification.sweep() == 1


def test_without_a_worker_the_command_says_how_to_start_one() -> None:
    with pytest.raises(CommandError, match="make run"):
        call_command("triage")


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(CommandError, match="--limit"):
        call_command("triage", limit=0)
