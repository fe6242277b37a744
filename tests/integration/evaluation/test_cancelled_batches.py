"""Cancelling an evaluation cancels its batches: what was answered is kept and paid, the rest asked anew when it goes on."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.integration.classification.batching_cases import QUICK
from tests.integration.classification.cases import Desk
from tests.integration.evaluation.cases import (
    advance,
    answered_nanousd,
    answers,
    drive,
    ledger_nanousd,
    requests,
    rows,
    started,
    states,
)
from tests.integration.gateway.batch_cases import check_equals_bill, provider_has
from tests.integration.gateway.test_batches_cancelled import wait_until_some_answered
from triage.models import Attempt, Batch, BatchState, Certainty, Evaluation, EvaluationState
from triage.services import batches
from triage.services.evaluation import ending, running
from triage.services.evaluation.configurations import in_force
from triage.services.gateway import client
from triage.services.gateway.batches import ENDED
from triage.simulator import RunningSimulator

SLOW = "batchseconds(20)"


@pytest.fixture
def underway(simulated: RunningSimulator) -> Evaluation:
    """Twenty tickets at the provider, of which some are answered and most are not."""
    simulated.set_scenario(SLOW)
    evaluation = asked()
    batches.advance_all()
    wait_until_some_answered(simulated)
    return evaluation


def asked(*, doubles: int = 0, **options: Any) -> Evaluation:
    """A run of the first model alone, whose batch is written and not handed in. So many tickets stand in it twice."""
    alone = [in_force(strong_model="", **options)]
    some = rows(refund=10, login=10)
    evaluation = started([*some, *some[:doubles]], configurations=alone, is_batch=True)
    advance(evaluation)
    return evaluation


def cancel(evaluation: Evaluation) -> Evaluation:
    return running.cancel(evaluation.pk, by=evaluation.by)


def collected(*, seconds: float = 15.0) -> None:
    """Step the batches until all are over, far sooner than they would be if nobody had cancelled them."""
    ends = time.monotonic() + seconds
    while Batch.objects.exclude(state__in=ENDED).exists():
        assert time.monotonic() < ends, list(Batch.objects.all())
        batches.advance_all()
        time.sleep(0.05)


def test_what_was_not_handed_in_is_never_asked_and_holds_nothing(
    simulated: RunningSimulator,
) -> None:
    evaluation = asked()

    cancel(evaluation)
    collected()
    advance(evaluation)

    assert requests(simulated) == 0
    assert Batch.objects.get().state == BatchState.FAILED
    assert (states(evaluation), ledger_nanousd()) == ({}, 0)
    assert not Attempt.objects.exclude(certainty=Certainty.NONE).exists()


def test_what_was_answered_till_then_is_kept_with_its_cost_and_the_rest_costs_nothing(
    simulated: RunningSimulator, underway: Evaluation
) -> None:
    cancel(underway)
    collected()
    advance(underway)

    underway.refresh_from_db()
    assert underway.state == EvaluationState.CANCELLED
    assert 0 < len(answers(underway)) < 20
    assert set(states(underway)) == {"answered"}
    assert answered_nanousd(underway) == ledger_nanousd() > 0
    check_equals_bill(simulated)


def test_resumed_only_what_was_cancelled_is_asked_and_in_a_batch_again(
    simulated: RunningSimulator, underway: Evaluation
) -> None:
    cancel(underway)
    collected()
    advance(underway)
    before = len(answers(underway))
    simulated.set_scenario(QUICK)

    running.resume(underway.pk, by=underway.by)
    underway.refresh_from_db()
    drive(underway)

    assert underway.state == EvaluationState.DONE, underway.error
    assert states(underway) == {"answered": 20}
    assert Batch.objects.order_by("-pk")[0].lines == 20 - before
    assert all(each["batch_id"] for each in simulated.bill()["requests"])
    assert answered_nanousd(underway) == ledger_nanousd()
    check_equals_bill(simulated)


def test_resumed_before_its_batch_has_ended_it_comes_to_the_same(
    simulated: RunningSimulator, underway: Evaluation
) -> None:
    cancel(underway)
    running.resume(underway.pk, by=underway.by)
    underway.refresh_from_db()
    simulated.set_scenario(QUICK)

    drive(underway)

    assert states(underway) == {"answered": 20}
    assert all(each["batch_id"] for each in simulated.bill()["requests"])
    assert answered_nanousd(underway) == ledger_nanousd()
    check_equals_bill(simulated)


def paid(simulated: RunningSimulator) -> list[dict[str, Any]]:
    """The lines of the bill that cost something."""
    return [each for each in simulated.bill()["requests"] if each["cost_nanousd"]]


def check_asked_once_in_batches(simulated: RunningSimulator, evaluation: Evaluation) -> None:
    """All tickets are answered, by 20 lines that were paid for."""
    lines = paid(simulated)
    assert (evaluation.state, set(states(evaluation))) == (EvaluationState.DONE, {"answered"})
    assert all(each["batch_id"] for each in lines)
    assert len(lines) == 20
    assert answered_nanousd(evaluation) == ledger_nanousd() > 0
    check_equals_bill(simulated)


def test_tickets_that_share_a_line_which_was_not_handed_in_share_one_again(
    simulated: RunningSimulator,
) -> None:
    simulated.set_scenario(QUICK)
    evaluation = asked(doubles=4)
    cancel(evaluation)
    collected()
    advance(evaluation)
    before = states(evaluation)

    running.resume(evaluation.pk, by=evaluation.by)
    evaluation.refresh_from_db()
    drive(evaluation)

    assert before == {}
    assert [each.lines for each in Batch.objects.order_by("pk")] == [20, 20]
    check_asked_once_in_batches(simulated, evaluation)


def test_tickets_that_share_a_line_keep_its_answer_or_share_one_again(
    simulated: RunningSimulator,
) -> None:
    simulated.set_scenario(SLOW)
    evaluation = asked(doubles=20)
    batches.advance_all()
    wait_until_some_answered(simulated)
    cancel(evaluation)
    collected()
    advance(evaluation)
    before, lines = states(evaluation), len(paid(simulated))
    simulated.set_scenario(QUICK)

    running.resume(evaluation.pk, by=evaluation.by)
    evaluation.refresh_from_db()
    drive(evaluation)

    assert before == {"answered": 2 * lines}  # a ticket and its double each
    check_asked_once_in_batches(simulated, evaluation)


def test_one_batch_that_cannot_be_cancelled_keeps_no_other_from_it(
    simulated: RunningSimulator,
) -> None:
    simulated.set_scenario(SLOW)
    for _ in range(2):
        asked()
    batches.advance_all()
    ids = list(Batch.objects.values_list("provider_id", flat=True))
    cancelled = {"state": EvaluationState.CANCELLED, "error": f"{ending.CANCELLED_BY} Bob"}
    Evaluation.objects.update(**cancelled)
    simulated.set_scenario("500@batchesx1")

    running.sweep()

    going_on = [client.get_batch(str(each)).state for each in ids]
    assert going_on.count(client.BatchState.IN_PROGRESS) == 1
    running.sweep()
    collected()
    check_equals_bill(simulated)


def test_a_cancelled_pack_is_asked_as_one_again(simulated: RunningSimulator) -> None:
    evaluation = asked(tickets_a_call=5)
    cancel(evaluation)
    collected()

    running.resume(evaluation.pk, by=evaluation.by)
    evaluation.refresh_from_db()
    drive(evaluation)

    assert {row.tickets_in_call for row in answers(evaluation)} == {5}
    assert requests(simulated) == 4
    assert answered_nanousd(evaluation) == ledger_nanousd()


def test_cancelled_twice_it_is_cancelled_once(
    simulated: RunningSimulator, underway: Evaluation
) -> None:
    first, second = cancel(underway), cancel(underway)
    running.sweep()

    assert first.finished_at == second.finished_at
    collected()
    assert cancel(underway).state == EvaluationState.CANCELLED
    check_equals_bill(simulated)


@pytest.mark.parametrize("fault", ["500", "reset"])
def test_a_provider_that_is_down_is_asked_again_by_the_sweep(
    simulated: RunningSimulator, underway: Evaluation, fault: str
) -> None:
    simulated.set_scenario(f"{fault}@batchesx1")

    cancelled = cancel(underway)
    before = client.get_batch(str(Batch.objects.get().provider_id)).state
    running.sweep()

    assert cancelled.state == EvaluationState.CANCELLED
    assert before == "in_progress"
    collected()
    check_equals_bill(simulated)


def test_the_provider_is_asked_outside_of_any_transaction_when_the_state_is_kept(
    simulated: RunningSimulator, underway: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, str]] = []
    ask = client.cancel_batch

    def looking(*args: Any, **options: Any) -> client.BatchStatus:
        underway.refresh_from_db()
        seen.append((connection.in_atomic_block, underway.state))
        return ask(*args, **options)

    monkeypatch.setattr(client, "cancel_batch", looking)

    cancel(underway)

    assert seen == [(False, EvaluationState.CANCELLED)]


def test_a_run_that_has_no_money_left_keeps_its_batches(
    simulated: RunningSimulator, underway: Evaluation
) -> None:
    budget = {"state": EvaluationState.CANCELLED, "error": running.BUDGET_USED}
    Evaluation.objects.filter(pk=underway.pk).update(**budget)

    running.sweep()

    assert client.get_batch(str(Batch.objects.get().provider_id)).state == "in_progress"


def test_batches_of_backfill_are_not_touched(
    desk: Desk, simulated: RunningSimulator, underway: Evaluation
) -> None:
    desk.receive("I forgot my password, order 7.")
    batches.submit_backfill()
    backfill = Batch.objects.get(feature="backfill")

    cancel(underway)
    running.sweep()

    backfill.refresh_from_db()
    assert backfill.state == BatchState.READY
    simulated.set_scenario(QUICK)
    collected()
    assert provider_has(simulated) == 2
    check_equals_bill(simulated)


def test_the_page_says_what_happens_to_the_batches(
    simulated: RunningSimulator, underway: Evaluation, as_bob: Client
) -> None:
    page, action = (
        reverse(f"admin:evaluation{name}", args=[underway.pk]) for name in ("", "-cancel")
    )

    before = as_bob.get(action).text
    after = as_bob.post(action, follow=True).text
    collected()

    assert "Its batches are cancelled at the provider" in before
    assert "Its batches are being cancelled at the provider (1 not over yet)" in after
    advance(underway)
    assert "being cancelled" not in as_bob.get(page).text
