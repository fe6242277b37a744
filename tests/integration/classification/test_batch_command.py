"""`manage.py triage --batch` from the tickets to their labels, with a real worker beside it."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests import processes
from tests.integration.classification.batching_cases import (
    LEGAL_TEXT,
    LOGIN_TEXT,
    QUICK,
    REFUND_TEXT,
    receive,
    states,
)
from tests.integration.classification.cases import Desk
from tests.integration.gateway.batch_cases import check_equals_bill
from triage.management.commands import triage as command
from triage.models import Attempt, Batch, BatchState, Budget, Feature, Period, Scope, State
from triage.services import health
from triage.simulator import RunningSimulator


@pytest.fixture(autouse=True)
def quick(claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    claude.set_scenario(QUICK)
    monkeypatch.setattr(command, "LOOK_SECONDS", 0.1)


@pytest.fixture
def worker(desk: Desk, quick: None) -> Iterator[None]:
    with processes.worker():
        while not health.is_a_worker_there():
            pass
        yield


@pytest.fixture
def somebody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what needs no worker but the command's look for one."""
    monkeypatch.setattr(health, "find_workers", lambda **_: ["triage"])


def run(**options: object) -> str:
    out = StringIO()
    call_command("triage", batch=True, stdout=out, stderr=out, **options)
    return out.getvalue()


def test_with_wait_all_are_triaged_in_two_batches_and_the_ledger_equals_the_bill(
    desk: Desk, claude: RunningSimulator, worker: None
) -> None:
    receive(desk, REFUND_TEXT, LOGIN_TEXT, LEGAL_TEXT, LEGAL_TEXT)

    said = run(wait=True)

    assert "4 tickets in 1 batch;" in said
    assert "half of the live price" in said
    assert "4 done" in said
    assert states() == {State.DONE: 4}
    assert list(Batch.objects.values_list("state", flat=True)) == [BatchState.COLLECTED] * 2
    assert all(row["batch_id"] for row in claude.bill()["requests"])
    check_equals_bill(claude)


def test_without_wait_the_batch_is_handed_in_and_the_command_ends(
    desk: Desk, claude: RunningSimulator, somebody_works: None
) -> None:
    receive(desk, REFUND_TEXT, LOGIN_TEXT)

    said = run(limit=1)

    assert "1 ticket in 1 batch;" in said
    assert "simulated" in said
    assert Batch.objects.get().state == BatchState.SUBMITTED
    assert states() == {State.BATCHED: 1, State.QUEUED: 1}


def test_of_the_real_provider_s_prices_nothing_is_called_simulated(
    desk: Desk, somebody_works: None, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR = False

    assert "simulated" not in run()


def test_a_provider_that_is_down_is_named_and_the_tickets_wait_in_their_batch(
    desk: Desk, claude: RunningSimulator, somebody_works: None
) -> None:
    claude.set_scenario("529@batches")
    receive(desk, REFUND_TEXT)

    said = run()

    assert "The workers try it again." in said
    assert states() == {State.BATCHED: 1}


def test_a_budget_that_is_too_small_is_a_clear_refusal(desk: Desk, somebody_works: None) -> None:
    Budget.objects.create(
        scope=Scope.FEATURE, key=Feature.BACKFILL, period=Period.DAY, hard_nanousd=1_000
    )
    receive(desk, REFUND_TEXT)

    with pytest.raises(CommandError, match=r"nothing was submitted\. The budget of backfill"):
        run()

    assert states() == {State.QUEUED: 1}
    assert not Attempt.objects.exists()


def test_without_a_worker_nothing_is_submitted(desk: Desk) -> None:
    receive(desk, REFUND_TEXT)

    with pytest.raises(CommandError, match="make run"):
        run()

    assert states() == {State.QUEUED: 1}
