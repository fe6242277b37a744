"""A batch whose creation got no answer, or whose worker was killed: nothing is handed in twice, and nothing is lost.

The provider has no idempotency key, so its list of batches is the proof.
"""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests import processes
from tests.integration.gateway import batch_cases
from tests.integration.gateway.batch_cases import (
    QUICK,
    certainties,
    check_equals_bill,
    finish,
    give_lease_back,
    handed_in,
    prepared,
    provider_has,
    step,
    wait_until_ended,
)
from triage.exceptions import NotReached
from triage.models import Alert, AlertKind, Batch, BatchState, Certainty
from triage.services.gateway import client
from triage.services.gateway.batches import collecting, steps
from triage.simulator import RunningSimulator

pytestmark = pytest.mark.django_db(transaction=True)
CHILD = "tests.integration.gateway.batch_child"


@pytest.fixture(autouse=True)
def quick(claude: RunningSimulator, transactional_db: None) -> None:
    claude.set_scenario(QUICK)
    User.objects.system()


def die(what: str, number: int) -> None:
    """A process that works on a batch and is killed with SIGKILL at that point."""
    child = processes.start("-m", CHILD, what, str(number))
    output, _ = child.communicate(timeout=30)
    assert child.returncode == -9, output


def hand_in_elsewhere(count: int) -> str:
    """A batch of the same workspace that is none of ours."""
    other = prepared(count, first=100)
    body = steps._lines_of(other)
    status = client.create_batch(
        [(f"theirs-{n}", line) for n, (_, line) in enumerate(body)], seconds=5
    )
    collecting.give_up(other, "never ours", code=NotReached.code)
    return status.id


def test_a_worker_killed_once_the_batch_is_written_leaves_it_to_be_handed_in(
    claude: RunningSimulator,
) -> None:
    die("prepare", 5)
    batch = Batch.objects.get()

    assert (batch.state, provider_has(claude)) == (BatchState.READY, 0)
    assert finish(batch) == BatchState.COLLECTED

    check_equals_bill(claude)


def test_a_worker_killed_before_it_saved_the_id_leaves_a_batch_that_is_found(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = prepared(5)
    die("send", batch.pk)
    assert step(batch) == BatchState.SUBMITTING  # until its lease ends nobody touches it
    give_lease_back(batch)

    assert finish(batch) == BatchState.COLLECTED

    assert provider_has(claude) == 1
    check_equals_bill(claude)


def test_a_worker_killed_in_the_middle_of_collecting_leaves_the_rest_to_the_next(
    claude: RunningSimulator,
) -> None:
    batch = handed_in(10)
    wait_until_ended(claude)
    die("collect", batch.pk)
    assert certainties(batch) == {Certainty.KNOWN: 3, Certainty.OPEN: 7}
    give_lease_back(batch)

    assert finish(batch) == BatchState.COLLECTED

    check_equals_bill(claude)


@pytest.mark.parametrize("fault", ["batchlost", "cut@batches", "malformed@batches"])
def test_a_creation_without_an_answer_is_found_at_the_provider_and_not_repeated(
    claude: RunningSimulator, fault: str
) -> None:
    claude.set_scenario(f"{fault}x1+{QUICK}")
    batch = prepared(5)

    assert step(batch) == BatchState.LOST
    assert finish(batch) == BatchState.COLLECTED

    assert provider_has(claude) == 1
    check_equals_bill(claude)
    assert not Alert.objects.filter(resolved_at=None).exists()


@pytest.mark.parametrize("fault", ["500", "503", "reset"])
def test_what_may_have_been_created_is_sought_before_it_is_sent_again(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    claude.set_scenario(f"{fault}@batchesx1+{QUICK}")
    batch = prepared(5)

    assert step(batch) == BatchState.LOST
    assert step(batch) == BatchState.LOST  # it could still appear
    assert Alert.objects.filter(kind=AlertKind.BATCH_LOST, resolved_at=None).exists()
    batch_cases.appears_at_once(monkeypatch)
    assert step(batch) == BatchState.READY
    assert finish(batch) == BatchState.COLLECTED

    assert provider_has(claude) == 1
    check_equals_bill(claude)
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_a_candidate_still_in_progress_is_waited_for(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_cases.appears_at_once(monkeypatch)
    claude.set_scenario("batchlostx1+batchseconds(1)")
    batch = prepared(5)

    assert [step(batch), step(batch)] == [BatchState.LOST, BatchState.LOST]
    time.sleep(1.2)
    assert step(batch) == BatchState.SUBMITTED

    assert finish(batch) == BatchState.COLLECTED
    assert provider_has(claude) == 1
    check_equals_bill(claude)


def test_another_ended_batch_of_the_same_size_is_ruled_out_once(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_cases.appears_at_once(monkeypatch)
    theirs = hand_in_elsewhere(5)
    wait_until_ended(claude)
    claude.set_scenario(f"500@batchesx1+{QUICK}")
    batch = prepared(5)

    assert [step(batch), step(batch)] == [BatchState.LOST, BatchState.READY]

    assert batch.ruled_out == [theirs]
    assert finish(batch) == BatchState.COLLECTED
    assert provider_has(claude) == 2
    assert certainties(batch) == {Certainty.KNOWN: 5}


def test_ours_is_found_beside_another_batch_of_the_same_size(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_cases.appears_at_once(monkeypatch)
    claude.set_scenario(f"batchlostx1+{QUICK}")
    batch = prepared(5)
    step(batch)
    hand_in_elsewhere(5)
    known = handed_in(5, first=50)
    wait_until_ended(claude)

    assert finish(batch) == BatchState.COLLECTED

    assert batch.provider_id != known.provider_id
    assert certainties(batch) == {Certainty.KNOWN: 5}
    assert provider_has(claude) == 3


def test_two_lost_batches_of_one_size_are_each_found(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_cases.appears_at_once(monkeypatch)
    claude.set_scenario(f"batchlostx2+{QUICK}")
    both = [prepared(4), prepared(4, first=50)]

    assert [step(batch) for batch in both] == [BatchState.LOST] * 2
    wait_until_ended(claude)
    assert [finish(batch) for batch in both] == [BatchState.COLLECTED] * 2

    assert provider_has(claude) == 2
    check_equals_bill(claude)


def test_an_older_batch_is_no_candidate(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_cases.appears_at_once(monkeypatch)
    monkeypatch.setattr(steps, "CLOCKS_DIFFER", timedelta(0))
    hand_in_elsewhere(5)
    wait_until_ended(claude)
    batch = prepared(5)
    state = {"state": BatchState.SUBMITTING, "submitting_at": timezone.now()}
    Batch.objects.filter(pk=batch.pk).update(**state)

    assert step(batch) == BatchState.READY

    assert batch.ruled_out == []
