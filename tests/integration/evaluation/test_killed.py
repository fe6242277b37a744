"""A run that is ended, killed, short of money or without Claude: what was paid stays, and nothing is paid twice."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

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
from tests.integration.gateway.batch_cases import check_equals_bill, wait_until_ended
from triage.exceptions import Conflict, InvalidInput
from triage.models import (
    Attempt,
    Batch,
    BatchState,
    Evaluation,
    EvaluationAnswer,
    EvaluationState,
)
from triage.services import batches
from triage.services.evaluation import advancing, asking, claims, live, running, waves
from triage.services.evaluation.configurations import in_force
from triage.services.evaluation.reading import spent_nanousd
from triage.services.evaluation.stopping import BUDGET_USED
from triage.simulator import RunningSimulator


class Killed(BaseException):
    """What ends a worker in the middle; nobody catches it."""


def killing(save: Any, after: int) -> Any:
    """`save`, which lets `after` calls through and then ends the process, as far as the run can tell."""
    left = iter(range(after))

    def saving(rows: Sequence[EvaluationAnswer], **options: Any) -> None:
        if next(left, None) is None:
            raise Killed
        save(rows, **options)

    return saving


@pytest.mark.usefixtures("short_backoff")
def test_what_was_answered_before_a_kill_is_not_paid_again(
    simulated: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = started(rows(refund=8, login=4), configurations=[in_force(strong_model="")])
    with monkeypatch.context() as killed:
        killed.setattr(live, "save", killing(asking.save, 3))
        with pytest.raises(Killed):
            advance(evaluation)
    assert len(answers(evaluation)) == 3
    assert requests(simulated) > 3  # these were paid for, and nobody has kept what they said

    drive(evaluation)

    assert evaluation.state == EvaluationState.DONE
    assert requests(simulated) == 12
    assert answered_nanousd(evaluation) == ledger_nanousd()
    check_equals_bill(simulated)


def test_a_kill_while_a_batch_is_read_costs_nothing(
    simulated: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = started(rows(refund=6, login=4, legal=2), is_batch=True)
    advance(evaluation)
    while Batch.objects.get().state != BatchState.COLLECTED:
        batches.advance_all()
    with monkeypatch.context() as killed:
        killed.setattr(waves, "save", killing(asking.save, 5))
        with pytest.raises(Killed):
            advance(evaluation)
    assert states(evaluation) == {"answered": 5, "asked": 7}

    drive(evaluation)

    assert evaluation.state == EvaluationState.DONE
    lines = sum(Batch.objects.values_list("lines", flat=True))
    assert requests(simulated) == lines
    assert answered_nanousd(evaluation) == ledger_nanousd()
    check_equals_bill(simulated)


def test_a_kill_while_a_batch_is_written_leaves_nothing_of_it(
    simulated: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = started(rows(refund=3, login=3), is_batch=True)

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(claims, "lock", kill)
        with pytest.raises(Killed):
            advance(evaluation)

    assert not Batch.objects.exists()
    assert states(evaluation) == {}
    assert ledger_nanousd() == 0
    assert drive(evaluation).state == EvaluationState.DONE


def test_a_killed_worker_s_run_is_found_when_its_lease_ends(simulated: RunningSimulator) -> None:
    evaluation = started(rows(refund=3, login=3))
    assert claims.claim(evaluation.pk)  # and never heard of again

    assert claims.find_waiting() == []
    assert advancing.advance(evaluation.pk) == advancing.Next.NOTHING
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE triage_evaluation SET lease_until = clock_timestamp() - interval '1 s'"
        )

    assert claims.find_waiting() == [evaluation.pk]
    assert drive(evaluation).state == EvaluationState.DONE


def test_two_workers_at_once_ask_each_ticket_once(simulated: RunningSimulator) -> None:
    evaluation = started(rows(refund=8, login=6), configurations=[in_force(strong_model="")])

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work_on, [evaluation.pk] * 2))

    drive(evaluation)
    assert requests(simulated) == 14


def work_on(evaluation_id: int) -> None:
    try:
        advancing.advance(evaluation_id)
    finally:
        connection.close()


def test_who_lost_the_run_to_another_writes_no_batch(simulated: RunningSimulator) -> None:
    evaluation = started(rows(refund=3, login=3), is_batch=True)
    mine = claims.claim(evaluation.pk)
    assert mine
    Evaluation.objects.update(claims=mine.number + 1)

    with pytest.raises(claims.ClaimLost):
        claims.check_running(mine)

    assert not claims.end(mine, state=EvaluationState.FAILED)


def test_no_more_than_the_budget_is_spent_and_a_higher_one_goes_on(
    simulated: RunningSimulator,
) -> None:
    made = rows(refund=8, login=4)
    alone = [in_force(strong_model="")]
    bound = started(made, configurations=alone).quote["most_nanousd"] // 12
    Evaluation.objects.all().delete()
    evaluation = started(made, configurations=alone, budget_nanousd=bound + bound // 20)

    drive(evaluation)

    assert (evaluation.state, evaluation.error) == (EvaluationState.CANCELLED, BUDGET_USED)
    assert 0 < len(answers(evaluation)) < 12
    assert spent_nanousd(evaluation) <= evaluation.budget_nanousd
    with pytest.raises(InvalidInput, match="name a higher one"):
        running.resume(evaluation.pk, by=evaluation.by)
    with pytest.raises(InvalidInput, match="name a higher one"):
        running.resume(evaluation.pk, by=evaluation.by, budget_nanousd=bound)
    evaluation = running.resume(evaluation.pk, by=evaluation.by, budget_nanousd=20 * bound)
    assert drive(evaluation).state == EvaluationState.DONE
    assert requests(simulated) == 12


def test_in_batches_the_budget_holds_too_one_batch_after_the_other(
    simulated: RunningSimulator,
) -> None:
    made = rows(refund=6, login=6)
    alone = [in_force(strong_model="")]
    whole = started(made, configurations=alone, is_batch=True).quote["most_nanousd"]
    Evaluation.objects.all().delete()
    evaluation = started(made, configurations=alone, is_batch=True, budget_nanousd=whole // 2)

    drive(evaluation)

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    assert Batch.objects.count() > 1
    assert spent_nanousd(evaluation) <= evaluation.budget_nanousd


def test_cancelled_nothing_more_is_asked_and_resumed_the_rest_is(
    simulated: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = started(rows(refund=8, login=4), configurations=[in_force(strong_model="")])
    save = asking.save

    def cancelling(rows: Sequence[EvaluationAnswer], **options: Any) -> None:
        save(rows, **options)
        running.cancel(evaluation.pk, by=evaluation.by)

    monkeypatch.setattr(live, "save", cancelling)
    advance(evaluation)
    monkeypatch.setattr(live, "save", save)

    evaluation.refresh_from_db()
    assert evaluation.state == EvaluationState.CANCELLED
    asked = len(answers(evaluation))
    assert 0 < asked == requests(simulated) < 12
    assert advance(evaluation) == advancing.Next.NOTHING
    assert requests(simulated) == asked

    evaluation = running.resume(evaluation.pk, by=evaluation.by)

    assert drive(evaluation).state == EvaluationState.DONE
    assert requests(simulated) == 12


def test_what_a_batch_brings_after_the_end_is_kept_with_its_cost(
    simulated: RunningSimulator,
) -> None:
    evaluation = started(rows(refund=4, login=4), is_batch=True)
    advance(evaluation)
    batches.advance_all()
    wait_until_ended(simulated)
    running.cancel(evaluation.pk, by=evaluation.by)
    while Batch.objects.get().state != BatchState.COLLECTED:
        batches.advance_all()
    Evaluation.objects.update(lease_until=None)
    assert claims.find_waiting() == [evaluation.pk]

    advance(evaluation)

    assert states(evaluation) == {"answered": 8}
    assert answered_nanousd(evaluation) == ledger_nanousd() > 0
    Evaluation.objects.update(lease_until=None)
    assert claims.find_waiting() == []


def test_a_line_without_an_answer_is_asked_live_once(simulated: RunningSimulator) -> None:
    evaluation = started(
        rows(refund=4, login=4), configurations=[in_force(strong_model="")], is_batch=True
    )
    simulated.set_scenario("batchseconds(0.1)+batcherroredx4")

    drive(evaluation)

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    assert states(evaluation) == {"answered": 8}
    assert [each["batch_id"] is None for each in simulated.bill()["requests"]].count(True) == 4
    assert answered_nanousd(evaluation) == ledger_nanousd()


def test_a_refusal_in_a_batch_is_that_ticket_s_answer_and_not_asked_again(
    simulated: RunningSimulator,
) -> None:
    evaluation = started(
        rows(refund=4, login=4), configurations=[in_force(strong_model="")], is_batch=True
    )
    simulated.set_scenario("batchseconds(0.1)+refusalx2")

    drive(evaluation)

    assert states(evaluation) == {"answered": 6, "failed": 2}
    assert {row.problem for row in answers(evaluation)} == {"", "Claude declined to answer this"}
    assert requests(simulated) == 8


@pytest.mark.parametrize("fault", ["idmissing", "iddoubled", "badjson", "maxtokens"])
@pytest.mark.parametrize("is_batch", [False, True])
def test_what_a_packed_call_leaves_out_is_asked_alone(
    simulated: RunningSimulator, fault: str, is_batch: bool
) -> None:
    packed = [in_force(tickets_a_call=4, strong_model="")]
    evaluation = started(rows(refund=4, login=4), configurations=packed, is_batch=is_batch)
    simulated.set_scenario(f"batchseconds(0.1)+{fault}x1")

    drive(evaluation)

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    assert states(evaluation) == {"answered": 8}
    alone = 1 if fault.startswith("id") else 4
    assert [row.tickets_in_call for row in answers(evaluation)].count(1) == alone
    assert requests(simulated) == 2 + alone
    assert answered_nanousd(evaluation) == ledger_nanousd()


@pytest.mark.usefixtures("short_backoff")
def test_an_outage_is_waited_for(simulated: RunningSimulator) -> None:
    evaluation = started(rows(refund=9, login=9), configurations=[in_force(strong_model="")])
    simulated.set_scenario("529")

    following = advance(evaluation)

    evaluation.refresh_from_db()
    assert following == advancing.Next.PAUSE
    assert evaluation.state == EvaluationState.RUNNING
    assert claims.find_waiting() == []
    assert states(evaluation) == {}


def test_a_key_that_is_refused_ends_the_run_and_says_why(
    simulated: RunningSimulator,
) -> None:
    evaluation = started(rows(refund=3, login=3))
    simulated.set_scenario("401")

    advance(evaluation)

    evaluation.refresh_from_db()
    assert evaluation.state == EvaluationState.FAILED
    assert evaluation.error
    assert not Attempt.objects.exclude(cost_nanousd=0).exists()


def test_what_is_over_is_not_cancelled_and_what_was_not_begun_not_resumed(
    simulated: RunningSimulator,
) -> None:
    evaluation = drive(started(rows(refund=2, login=2)))

    with pytest.raises(Conflict, match="done"):
        running.cancel(evaluation.pk, by=evaluation.by)

    assert running.resume(evaluation.pk, by=evaluation.by).state == EvaluationState.DONE
