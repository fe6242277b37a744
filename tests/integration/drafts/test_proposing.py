"""Asking for a draft: one underway for a ticket, refused in words without Redis, never forgotten."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis
from django.conf import settings as configured
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.drafts.cases import reread
from triage.exceptions import DraftsUnavailable, InvalidInput
from triage.models import Draft, DraftState, Ticket, Tone
from triage.services import drafts

QUEUE = "drafts"


@pytest.fixture(autouse=True)
def broker(transactional_db: None) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(configured.REDIS_URL)
    client.delete(QUEUE)
    yield client
    client.delete(QUEUE)
    client.close()


@pytest.fixture
def no_redis(settings: Settings) -> None:
    default = {**configured.CACHES["default"], "LOCATION": "unix:///tmp/triage-no-redis.sock"}
    settings.CACHES = {**configured.CACHES, "default": default}


def test_a_draft_waits_and_is_sent_to_the_workers(
    ticket: Ticket, alice: User, broker: redis.Redis
) -> None:
    draft = drafts.propose(ticket.pk, by=alice)

    assert (draft.state, draft.by, draft.is_fresh) == (DraftState.QUEUED, alice, False)
    assert broker.llen(QUEUE) == 1


def test_a_second_call_returns_the_one_underway(
    ticket: Ticket, alice: User, bob: User, broker: redis.Redis
) -> None:
    first = drafts.propose(ticket.pk, by=alice)

    second = drafts.propose(ticket.pk, by=bob, is_fresh=True)

    assert second == first
    assert second.by == alice
    assert broker.llen(QUEUE) == 1


def test_many_clicks_at_once_make_one_draft(ticket: Ticket, alice: User) -> None:
    def click(_: int) -> int:
        try:
            return drafts.propose(ticket.pk, by=alice).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        made = set(threads.map(click, range(6)))

    assert len(made) == 1
    assert Draft.objects.count() == 1


def test_the_database_itself_admits_one_underway_for_a_ticket(ticket: Ticket, alice: User) -> None:
    drafts.propose(ticket.pk, by=alice)

    with pytest.raises(IntegrityError, match="draft_one_underway_per_ticket"):
        Draft.objects.create(ticket=ticket, by=alice)


def test_after_one_has_ended_another_can_be_asked_for(ticket: Ticket, alice: User) -> None:
    first = drafts.propose(ticket.pk, by=alice)
    drafts.cancel(first.pk, by=alice)

    assert drafts.propose(ticket.pk, by=alice) != first


def test_without_redis_it_is_refused_in_words_and_nothing_is_stored(
    ticket: Ticket, alice: User, no_redis: None
) -> None:
    with pytest.raises(DraftsUnavailable, match="Drafts cannot be written just now") as refused:
        drafts.propose(ticket.pk, by=alice)

    assert (refused.value.code, refused.value.permanent) == ("drafts_unavailable", False)
    assert not Draft.objects.exists()


def test_there_is_no_draft_for_a_ticket_that_is_not_there(alice: User) -> None:
    with pytest.raises(Ticket.DoesNotExist):
        drafts.propose(0, by=alice)


def test_wish_and_tone_are_kept_in_one_clean_line(ticket: Ticket, alice: User) -> None:
    draft = drafts.propose(ticket.pk, by=alice, steer=" offer\x07 a\r\ncredit ", tone=Tone.FRIENDLY)

    assert (draft.steer, draft.tone) == ("offer a credit", Tone.FRIENDLY)


@pytest.mark.parametrize(
    ("field", "steer", "tone"), [("tone", "", "sarcastic"), ("steer", "a" * 301, "")]
)
def test_a_wish_that_cannot_be_told_is_a_fields_fault(
    ticket: Ticket, alice: User, field: str, steer: str, tone: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        drafts.propose(ticket.pk, by=alice, steer=steer, tone=tone)

    assert refused.value.field == field
    assert not Draft.objects.exists()


def test_one_that_waits_is_cancelled_at_once_and_never_written(ticket: Ticket, alice: User) -> None:
    draft = drafts.propose(ticket.pk, by=alice)

    cancelled = drafts.cancel(draft.pk, by=alice)
    drafts.write(draft.pk)

    assert cancelled.state == reread(draft).state == DraftState.CANCELLED
    assert reread(draft).claims == 0


def test_cancelling_one_that_is_over_changes_nothing(ticket: Ticket, alice: User) -> None:
    draft = drafts.propose(ticket.pk, by=alice)
    first = drafts.cancel(draft.pk, by=alice)

    assert drafts.cancel(draft.pk, by=alice).finished_at == first.finished_at


def test_the_sweep_sends_one_again_whose_message_was_lost(
    ticket: Ticket, alice: User, broker: redis.Redis
) -> None:
    draft = drafts.propose(ticket.pk, by=alice)
    broker.delete(QUEUE)

    assert drafts.sweep() == 0
    Draft.objects.filter(pk=draft.pk).update(enqueued_at=timezone.now() - timedelta(seconds=30))

    assert drafts.sweep() == 1
    assert broker.llen(QUEUE) == 1
