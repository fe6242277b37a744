"""A cancelled batch is never handed in, or ends early at the provider: what was answered by then is billed, and nothing else."""

import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.integration.gateway import batch_cases
from tests.integration.gateway.batch_cases import (
    QUICK,
    certainties,
    check_equals_bill,
    finish,
    give_lease_back,
    handed_in,
    lines,
    prepare,
    prepared,
    provider_has,
    step,
    wait_until_ended,
)
from triage.exceptions import AttemptFailed, InsideTransaction, UpstreamSilent
from triage.models import Batch, BatchLine, BatchState, Call, Certainty, StoredReply
from triage.services.gateway import batches, client
from triage.services.gateway.batches import CANCELED, cancelling, steps
from triage.simulator import RunningSimulator

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = "batchseconds(20)"


@pytest.fixture(autouse=True)
def quick(claude: RunningSimulator) -> None:
    claude.set_scenario(QUICK)


def wait_until_some_answered(claude: RunningSimulator, *, seconds: float = 15.0) -> None:
    ends = time.monotonic() + seconds
    while not claude.bill()["totals"]["cost_nanousd"]:
        assert time.monotonic() < ends, "no line was answered in time"
        time.sleep(0.02)


def test_before_it_is_handed_in_a_batch_is_dropped_and_its_holds_are_freed(
    claude: RunningSimulator,
) -> None:
    batch = prepared(3)

    batches.cancel([batch.pk])

    batch.refresh_from_db()
    assert (batch.state, batch.error) == (BatchState.FAILED, steps.WITHDRAWN)
    assert certainties(batch) == {Certainty.NONE: 3}
    assert set(Call.objects.values_list("error", flat=True)) == {CANCELED}
    assert not StoredReply.objects.exists()
    assert provider_has(claude) == 0
    check_equals_bill(claude)
    assert prepare(lines(3)).lines == 3


def test_what_is_answered_by_then_is_billed_and_kept_and_nothing_else(
    claude: RunningSimulator,
) -> None:
    claude.set_scenario(SLOW)
    batch = handed_in(20)
    wait_until_some_answered(claude)

    batches.cancel([batch.pk])

    assert finish(batch) == BatchState.COLLECTED
    found = certainties(batch)
    assert found[Certainty.KNOWN] >= 2
    assert found[Certainty.NONE] == 20 - found[Certainty.KNOWN] > 0
    assert set(Call.objects.filter(state="failed").values_list("error", flat=True)) == {CANCELED}
    check_equals_bill(claude)


def test_cancelling_often_or_too_late_changes_nothing(claude: RunningSimulator) -> None:
    claude.set_scenario(SLOW)
    slow = handed_in(4)
    claude.set_scenario(QUICK)
    ended = handed_in(4, first=50)
    wait_until_ended_at_provider(ended)
    dropped = prepared(4, first=90)

    for _ in range(3):
        batches.cancel([slow.pk, ended.pk, dropped.pk])

    assert [finish(each) for each in (slow, ended)] == [BatchState.COLLECTED] * 2
    batches.cancel([slow.pk, ended.pk, dropped.pk])
    assert certainties(ended) == {Certainty.KNOWN: 4}
    check_equals_bill(claude)


def wait_until_ended_at_provider(batch: Batch, *, seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while client.get_batch(str(batch.provider_id)).state != "ended":
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.parametrize("fault", ["500", "529", "reset", "401"])
def test_a_provider_that_cannot_be_asked_is_asked_again(
    claude: RunningSimulator, fault: str
) -> None:
    claude.set_scenario(SLOW)
    batch = handed_in(10)
    claude.set_scenario(f"{fault}@batchesx1")

    with pytest.raises(AttemptFailed):
        batches.cancel([batch.pk])

    assert step(batch) == BatchState.SUBMITTED
    batches.cancel([batch.pk])
    assert finish(batch) == BatchState.COLLECTED
    check_equals_bill(claude)


def state_at_provider(batch: Batch) -> str:
    return client.get_batch(str(batch.provider_id)).state


def test_one_that_cannot_be_cancelled_keeps_no_other_from_it(claude: RunningSimulator) -> None:
    claude.set_scenario(SLOW)
    asked = [handed_in(4, first=first) for first in (1, 20, 40)]
    claude.set_scenario("500@batchesx1")

    with pytest.raises(AttemptFailed):
        batches.cancel([each.pk for each in asked])

    assert [state_at_provider(each) for each in asked].count("in_progress") == 1
    batches.cancel([each.pk for each in asked])
    assert {finish(each) for each in asked} == {BatchState.COLLECTED}
    check_equals_bill(claude)


def hang(monkeypatch: pytest.MonkeyPatch, *hanging: Batch) -> list[str]:
    """Asking to cancel these takes all the time that a batch has; which ones at the provider were asked about."""
    asked: list[str] = []
    now = [0.0]
    ask = client.cancel_batch

    def cancel_batch(batch_id: str, *, seconds: float) -> client.BatchStatus:
        asked.append(batch_id)
        if batch_id not in {each.provider_id for each in hanging}:
            return ask(batch_id, seconds=seconds)
        now[0] += seconds
        raise UpstreamSilent("no answer in time")

    monkeypatch.setattr(cancelling, "monotonic", lambda: now[0])
    monkeypatch.setattr(client, "cancel_batch", cancel_batch)
    return asked


def test_who_waits_for_it_waits_for_two_that_hang_at_most(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude.set_scenario(SLOW)
    handed = [handed_in(1, first=first) for first in (1, 2, 3, 4)]
    dropped = prepared(1, first=5)
    asked = hang(monkeypatch, *handed)

    with pytest.raises(UpstreamSilent):
        batches.cancel([each.pk for each in (*handed, dropped)])

    dropped.refresh_from_db()
    assert len(set(asked)) == len(asked) == 2
    assert dropped.state == BatchState.FAILED


def test_those_that_hang_do_not_keep_the_same_ones_waiting_for_ever(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude.set_scenario(SLOW)
    first, second, third = (handed_in(4, first=number) for number in (1, 20, 40))
    asked = hang(monkeypatch, first, second)

    for _ in range(50):  # it is left out of one in three
        with pytest.raises(UpstreamSilent):
            batches.cancel([first.pk, second.pk, third.pk])
        if third.provider_id in asked:
            break

    assert finish(third) == BatchState.COLLECTED
    assert Certainty.NONE in certainties(third)


def test_a_batch_that_is_being_handed_in_is_cancelled_once_it_is_there(
    claude: RunningSimulator,
) -> None:
    claude.set_scenario(SLOW)
    batch = prepared(4)
    claimed = steps._claim(batch.pk)
    assert claimed
    sent = steps._lines_of(claimed)

    batches.cancel([batch.pk])
    steps._found(claimed, client.create_batch(sent, seconds=10))
    give_lease_back(batch)
    batches.cancel([batch.pk])

    assert finish(batch) == BatchState.COLLECTED
    assert Certainty.NONE in certainties(batch)
    check_equals_bill(claude)


def test_a_worker_that_has_yet_to_read_the_lines_does_not_hand_them_in(
    claude: RunningSimulator,
) -> None:
    batch = prepared(4)
    claimed = steps._claim(batch.pk)
    assert claimed

    batches.cancel([batch.pk])
    steps._hand_in(claimed)

    assert claimed.state == BatchState.FAILED
    assert provider_has(claude) == 0
    check_equals_bill(claude)


def test_a_lost_batch_that_was_never_created_is_not_handed_in_after_it_was_sought(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_cases.appears_at_once(monkeypatch)
    batch = prepared(4)
    sent_at = timezone.now() - timedelta(seconds=1)
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.LOST, submitting_at=sent_at)

    batches.cancel([batch.pk])

    assert not BatchLine.objects.exists()
    assert [step(batch), step(batch)] == [BatchState.READY, BatchState.FAILED]
    assert provider_has(claude) == 0
    check_equals_bill(claude)


def test_a_lost_batch_is_found_and_cancelled_then(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_cases.appears_at_once(monkeypatch)
    claude.set_scenario(f"batchlostx1+{QUICK}")
    batch = prepared(4)
    assert step(batch) == BatchState.LOST

    batches.cancel([batch.pk])
    wait_until_ended(claude)

    assert finish(batch) == BatchState.COLLECTED
    assert certainties(batch) == {Certainty.KNOWN: 4}
    check_equals_bill(claude)


def test_other_batches_go_on(claude: RunningSimulator) -> None:
    mine, other = prepared(3), prepared(3, first=50)

    batches.cancel([mine.pk])

    assert finish(other) == BatchState.COLLECTED
    assert certainties(other) == {Certainty.KNOWN: 3}
    check_equals_bill(claude)


def test_cancelling_inside_a_transaction_is_refused(claude: RunningSimulator) -> None:
    batch = prepared(1)

    with transaction.atomic(), pytest.raises(InsideTransaction):
        batches.cancel([batch.pk])

    assert step(batch) == BatchState.SUBMITTED
