"""An evaluation from its proposal to its results: live and in batches, ended in the middle, and gone on with."""

import random

from tests.integration.evaluation.cases import (
    advance,
    answered_nanousd,
    answers,
    codes,
    drive,
    ledger_nanousd,
    propose,
    requests,
    rows,
    started,
    states,
)
from triage.models import EvaluationState, Prompt, Stage
from triage.services.evaluation import running
from triage.services.evaluation.configurations import in_force
from triage.services.evaluation.reading import cases_of, progress_of, spent_nanousd
from triage.simulator import RunningSimulator


def test_a_proposal_asks_nobody_and_says_what_it_will_cost(simulated: RunningSimulator) -> None:
    evaluation = propose(rows(refund=4, login=3))

    assert evaluation.state == EvaluationState.QUOTED
    assert requests(simulated) == 0
    assert evaluation.quote["tickets"] == 7
    assert 0 < evaluation.quote["expected_nanousd"] < evaluation.quote["most_nanousd"]
    assert evaluation.budget_nanousd == evaluation.quote["most_nanousd"]


def test_live_every_ticket_is_answered_and_the_costs_are_the_ledgers(
    simulated: RunningSimulator,
) -> None:
    evaluation = drive(started(rows(refund=6, login=5, legal=3)))

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    assert evaluation.results is not None
    assert evaluation.results["tickets"] == 14
    assert evaluation.results["is_simulated"]
    assert len(answers(evaluation)) == 14
    assert [row.ticket.label for row in answers(evaluation, Stage.STRONG)].count("legal") == 3
    assert answered_nanousd(evaluation) == ledger_nanousd() == spent_nanousd(evaluation)
    assert progress_of(evaluation).done == progress_of(evaluation).total


def test_in_batches_two_waves_answer_all_and_nothing_is_asked_live(
    simulated: RunningSimulator,
) -> None:
    evaluation = drive(started(rows(refund=6, login=5, legal=3), is_batch=True))

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    bill = simulated.bill()["requests"]
    assert all(each["batch_id"] for each in bill)
    assert len({each["batch_id"] for each in bill}) == 2
    assert set(states(evaluation)) == {"answered"}
    assert answered_nanousd(evaluation) == ledger_nanousd()
    assert len(cases_of(evaluation, configuration=0)) == 14


def test_started_twice_it_is_one_run(simulated: RunningSimulator) -> None:
    evaluation = propose(rows(refund=3, login=3))

    first = running.start(evaluation.pk, by=evaluation.by)
    second = running.start(evaluation.pk, by=evaluation.by)

    assert (first.started_at, first.state) == (second.started_at, second.state)


def test_two_ways_are_asked_apart_and_compared(simulated: RunningSimulator) -> None:
    both = [in_force(), in_force(strong_model="", instruction="Be careful.")]

    evaluation = drive(started(rows(refund=4, legal=2), configurations=both))

    assert evaluation.results is not None
    assert [each["name"] for each in evaluation.results["configurations"]] == ["A", "B"]
    assert evaluation.results["compared"] is not None
    assert len(answers(evaluation, Stage.STRONG)) == 2
    assert answers(evaluation, Stage.STRONG, 1) == []
    asked = [prompt.content[-1] for prompt in Prompt.objects.all()]
    assert sum("Be careful." in text for text in asked) == 6


def test_no_reply_of_others_is_taken_for_an_answer(simulated: RunningSimulator) -> None:
    drive(started(rows(refund=3, login=3)))
    before = requests(simulated)

    drive(started(rows(refund=3, login=3)))

    assert requests(simulated) == 2 * before


def test_the_strong_model_is_asked_about_all_where_that_is_wished(
    simulated: RunningSimulator,
) -> None:
    always = [in_force(asks_strong_always=True)]

    evaluation = drive(started(rows(refund=4, login=3), configurations=always, is_batch=True))

    assert len(answers(evaluation, Stage.STRONG)) == 7
    # What the rule would not have asked is no cost of the cascade.
    cases = cases_of(evaluation, configuration=0)
    assert sum(case.cost_nanousd for case in cases if not case.escalation) == sum(
        row.cost_nanousd
        for row, case in zip(answers(evaluation), cases, strict=True)
        if not case.escalation
    )


def test_a_shuffled_file_is_told_before_anything_is_asked(simulated: RunningSimulator) -> None:
    made = rows(refund=110, login=110)
    labels = [each["label"] for each in made]
    random.Random(3).shuffle(labels)
    shuffled = [{**each, "label": label} for each, label in zip(made, labels, strict=True)]
    honest = started(made, budget_nanousd=1)
    mixed = started(shuffled, budget_nanousd=1)

    advance(honest)
    advance(mixed)

    honest.refresh_from_db()
    mixed.refresh_from_db()
    assert "shuffled_labels" not in codes(honest)
    assert codes(mixed)["shuffled_labels"] == 220
    assert requests(simulated) == 0


def test_three_tickets_give_figures_and_prove_nothing(simulated: RunningSimulator) -> None:
    evaluation = drive(started(rows(refund=2, login=1)))

    assert evaluation.state == EvaluationState.DONE
    assert "nothing can be certified" in evaluation.findings[0]["words"]
    assert evaluation.results is not None
    accuracy = evaluation.results["configurations"][0]["accuracy"]
    assert accuracy["high"] - accuracy["low"] > 0.5


def test_several_tickets_go_into_one_call_and_share_its_cost(simulated: RunningSimulator) -> None:
    packed = [in_force(tickets_a_call=5, strong_model="")]

    evaluation = drive(started(rows(refund=7, login=4), configurations=packed))

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    assert requests(simulated) == 3
    assert [row.tickets_in_call for row in answers(evaluation)] == [5] * 10 + [1]
    assert answered_nanousd(evaluation) == ledger_nanousd()


def test_packed_calls_in_a_batch_are_lines_of_it(simulated: RunningSimulator) -> None:
    packed = [in_force(tickets_a_call=5, strong_model="")]

    evaluation = drive(
        started(rows(refund=7, login=4), configurations=packed, is_batch=True), seconds=40
    )

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    assert requests(simulated) == 3
    assert answered_nanousd(evaluation) == ledger_nanousd()
