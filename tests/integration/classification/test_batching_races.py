"""Batches of runs while others are at them too, processes die, and the provider is down: no run is lost or taken twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
import redis
from django.db import connection
from django.utils import timezone

from tests.integration.classification.batching_cases import (
    LEGAL_TEXT,
    LOGIN_TEXT,
    QUICK,
    REFUND_TEXT,
    drive,
    live_requests,
    receive,
    states,
    work_queued,
)
from tests.integration.classification.cases import Desk
from tests.integration.gateway.batch_cases import check_equals_bill, check_spend
from triage.models import (
    Attempt,
    Batch,
    BatchState,
    State,
    Triage,
)
from triage.services import batches, classification
from triage.services.classification import batching
from triage.services.classification.work import database_now
from triage.services.gateway import batches as gateway_batches
from triage.simulator import RunningSimulator

pytestmark = pytest.mark.usefixtures("broker", "quick_batches")

T = TypeVar("T")


def at_once(work: Callable[[], T], *, times: int = 3) -> list[T]:
    """What as many threads bring, none of which keeps its connection."""

    def once(_: int) -> T:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(once, range(times)))


def test_two_that_submit_at_once_take_every_run_once(desk: Desk, claude: RunningSimulator) -> None:
    receive(desk, *[REFUND_TEXT] * 12)

    done = at_once(batches.submit_backfill)

    assert sum(each.lines for each in done) == 12
    assert Attempt.objects.count() == 12
    assert states() == {State.BATCHED: 12}


def test_two_that_advance_at_once_move_every_run_once(desk: Desk, claude: RunningSimulator) -> None:
    receive(desk, *[REFUND_TEXT] * 6, *[LEGAL_TEXT] * 6)
    batches.submit_backfill()

    at_once(drive)
    work_queued()

    assert states() == {State.DONE: 12}
    assert live_requests(claude) == []
    check_equals_bill(claude)


def test_a_run_whose_submitter_died_is_found_by_the_sweeper(
    desk: Desk, claude: RunningSimulator
) -> None:
    (ticket,) = receive(desk, REFUND_TEXT)
    assert batching.pick(10, due_by=database_now())
    past = timezone.now() - timedelta(seconds=30)
    Triage.objects.update(lease_until=past, enqueued_at=past)

    assert classification.sweep() == 1

    assert desk.triage(ticket).state == State.DONE


def test_a_run_that_a_worker_took_from_a_slow_submitter_stays_the_worker_s(
    desk: Desk, claude: RunningSimulator
) -> None:
    receive(desk, REFUND_TEXT)
    picked = batching.pick(10, due_by=database_now())
    soon = timezone.now() + timedelta(minutes=1)
    Triage.objects.update(state=State.RUNNING, lease_until=soon)

    batching.fill(picked)

    run = Triage.objects.get()
    assert (run.state, run.batch_id) == (State.RUNNING, None)


def test_a_batch_collected_by_somebody_who_died_then_is_followed_by_the_next(
    desk: Desk, claude: RunningSimulator
) -> None:
    receive(desk, REFUND_TEXT, LEGAL_TEXT)
    batches.submit_backfill()
    (batch_id,) = gateway_batches.find_underway()
    while gateway_batches.find_underway():
        gateway_batches.advance(batch_id)
    assert states() == {State.BATCHED: 2}

    drive()
    work_queued()

    assert states() == {State.DONE: 2}
    check_equals_bill(claude)


def test_runs_wait_on_while_their_batch_is_underway_and_no_longer(
    desk: Desk, claude: RunningSimulator
) -> None:
    claude.set_scenario("batchseconds(30)")
    receive(desk, REFUND_TEXT)
    batches.submit_backfill()
    soon = timezone.now() + timedelta(hours=1)

    Triage.objects.update(lease_until=soon)
    batches.advance_all()
    kept = Triage.objects.get().lease_until
    Triage.objects.update(lease_until=soon)
    Batch.objects.update(expires_at=timezone.now())
    batches.advance_all()

    assert kept
    assert kept > soon
    assert Triage.objects.get().lease_until == soon


def test_what_a_slice_has_no_time_for_is_sent_as_the_next_one(
    desk: Desk, claude: RunningSimulator, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "SLICE_SECONDS", 0.0)
    receive(desk, REFUND_TEXT)
    batches.submit_backfill()

    assert batches.advance_all() == []

    assert broker.llen("bulk") == 1
    assert Batch.objects.get().state == BatchState.READY


def test_a_provider_that_is_down_is_reported_and_tried_again(
    desk: Desk, claude: RunningSimulator
) -> None:
    claude.set_scenario(f"529@batchesx1+{QUICK}")
    receive(desk, REFUND_TEXT)
    batches.submit_backfill()

    (problem,) = batches.advance_all()

    assert problem.startswith("Batch ")
    drive()
    check_spend()
    check_equals_bill(claude)


def test_progress_counts_what_is_underway(desk: Desk, claude: RunningSimulator) -> None:
    claude.set_scenario("batchseconds(30)")
    receive(desk, REFUND_TEXT, LOGIN_TEXT)
    assert batches.progress() == batches.Progress(batches=0, at_provider=0, lines=0, runs=0)

    batches.submit_backfill()
    assert batches.progress() == batches.Progress(batches=1, at_provider=0, lines=2, runs=2)
    batches.advance_all()

    assert batches.progress() == batches.Progress(batches=1, at_provider=1, lines=2, runs=2)
