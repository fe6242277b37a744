"""A writer killed, Redis stopped: the text that had come is there, and there is one bill. The lease is a tenth of the real."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from accounts.models import User
from tests import processes
from tests.integration.drafts.cases import (
    being_written,
    follow,
    follow_until,
    reread,
    told,
    wait_until,
)
from tests.integration.test_recovery import PrivateRedis
from triage.exceptions import DraftsUnavailable
from triage.models import Attempt, Certainty, Draft, DraftState, Ticket
from triage.services import drafts
from triage.services.drafts import EventName, live, publishing
from triage.services.gateway import tend
from triage.simulator import RunningSimulator

LEASE_SECONDS = 1.0


@contextmanager
def drafts_worker() -> Iterator[None]:
    """A Celery worker for the queue `drafts`, killed at the end of the block."""
    process = processes.start(
        *("-m", "celery", "-A", "config", "worker", "-Q", "drafts", "-P", "threads", "-c", "4"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "error"),
        is_heard=False,
        TRIAGE_DRAFT_LEASE_SECONDS=str(LEASE_SECONDS),
    )
    try:
        yield
    finally:
        processes.kill(process)


def test_a_killed_workers_draft_ends_with_the_text_that_readers_saw_and_one_bill(
    ticket: Ticket, alice: User, talking: RunningSimulator
) -> None:
    with drafts_worker():
        draft = drafts.propose(ticket.pk, by=alice)
        assert drafts.propose(ticket.pk, by=alice) == draft  # a second click
        seen = follow_until(draft, 60)
    assert reread(draft).state == DraftState.RUNNING

    wait_until(drafts.sweep)

    draft = reread(draft)
    assert (draft.state, draft.error_code) == (DraftState.BROKEN, "writer_lost")
    assert draft.text.startswith(told(seen))
    rest = follow(draft, after=seen[-1].id)
    assert told(seen) + told(rest) == draft.text
    assert rest[-1].name is EventName.ERROR
    bill = talking.wait_until_settled()
    assert [row["outcome"] for row in bill["requests"]] == ["left"]


def test_a_worker_killed_before_any_text_leaves_a_failure_and_the_next_draft_is_free_to_come(
    ticket: Ticket, alice: User, claude: RunningSimulator
) -> None:
    claude.set_scenario("slow", 0)
    with drafts_worker():
        draft = drafts.propose(ticket.pk, by=alice)
        wait_until(lambda: Attempt.objects.filter(certainty=Certainty.OPEN).exists())

    wait_until(drafts.sweep)
    tend()

    draft = reread(draft)
    assert (draft.state, draft.error_code) == (DraftState.FAILED, "writer_lost")
    assert draft.cost_nanousd == Attempt.objects.get().bound_nanousd  # nobody knows what it cost
    assert drafts.propose(ticket.pk, by=alice) != draft


def test_the_text_so_far_stands_in_the_row_while_it_is_written(
    ticket: Ticket, alice: User, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "SAVE_SECONDS", 0.1)
    claude.set_scenario("stall", 0)
    draft = drafts.propose(ticket.pk, by=alice)

    with being_written(draft):
        wait_until(lambda: reread(draft).text)
        is_running = reread(draft).is_underway

    assert is_running
    assert reread(draft).error_code == "stream_stalled"


@pytest.fixture
def redis(settings: Settings, tmp_path: Path) -> PrivateRedis:
    """A Redis of the test's own in place of the suite's; it is not running."""
    private = PrivateRedis(tmp_path)
    default = {**configured.CACHES["default"], "LOCATION": private.url}
    settings.CACHES = {**configured.CACHES, "default": default}
    settings.REDIS_URL = private.url
    return private


def is_up() -> bool:
    try:
        live.check_reachable()
    except DraftsUnavailable:
        return False
    return True


def propose(ticket: Ticket, alice: User) -> Draft:
    wait_until(is_up)
    return drafts.propose(ticket.pk, by=alice)


def test_redis_stopped_in_the_middle_stops_nobody_and_the_text_lands_in_the_row(
    ticket: Ticket,
    alice: User,
    talking: RunningSimulator,
    redis: PrivateRedis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "SAVE_SECONDS", 0.5)
    with ExitStack() as writer:
        with redis.running():
            draft = propose(ticket, alice)
            writer.enter_context(being_written(draft))
            before = follow_until(draft, 40)
        rest = follow(draft, after=before[-1].id)  # Redis is gone

    draft = reread(draft)
    assert draft.state == DraftState.READY
    assert told(before) + told(rest) == draft.text
    assert len(talking.rows()) == 1


def test_redis_that_comes_back_empty_goes_on_where_it_was(
    ticket: Ticket, alice: User, talking: RunningSimulator, redis: PrivateRedis
) -> None:
    talking.set_scenario("slow(1)", 0)
    with ExitStack() as writer:
        with redis.running():
            draft = propose(ticket, alice)
            writer.enter_context(being_written(draft))
            follow_until(draft, 0)
        with redis.running():
            events = follow(draft)

    assert told(events) == reread(draft).text
    assert reread(draft).state == DraftState.READY
