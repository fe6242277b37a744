"""An evaluation decides by the confidences of its configuration: as calibrated now, as stated, or by calibrators of its own."""

import pytest

from accounts.models import User
from tests.integration.classification.calibrated_cases import HALF, MODEST, put_to_use
from tests.integration.classification.stage_0_cases import EASY, crown
from tests.integration.evaluation.cases import (
    advance,
    answers,
    codes,
    drive,
    propose,
    row,
    rows,
    started,
)
from triage.exceptions import InvalidInput
from triage.models import (
    Calibrator,
    Evaluation,
    EvaluationAnswer,
    EvaluationState,
    LocalModel,
    Part,
    Stage,
)
from triage.services.classification import stage_0
from triage.services.classification.calibrating import LOCAL_VERSION
from triage.services.evaluation import calibrators, claims, fitting, scaling, work
from triage.services.evaluation.claims import ClaimLost
from triage.services.evaluation.configurations import OWN, Calibration, in_force, parse_changes
from triage.services.evaluation.gate_fitting import now_in_force, why_unfit
from triage.services.evaluation.reading import cases_of
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5
from triage.services.statistics.signals import Signal, Signalled, Signals, to_json
from triage.simulator import RunningSimulator

SOME = rows(refund=4, login=3)
# One in four is named wrongly in the file, so that there is something to calibrate.
MIXED = [
    {**each, "label": "login" if at % 4 == 0 else each["label"]}
    for at, each in enumerate(rows(refund=90, login=90))
]


def test_the_calibrator_in_use_decides_who_is_escalated(simulated: RunningSimulator) -> None:
    put_to_use(Signalled(500, {Signal.STATED: 0.0}, -4.0, HALF))  # sure of nothing

    evaluation = drive(started(SOME))

    assert evaluation.state == EvaluationState.DONE, evaluation.error
    assert len(answers(evaluation, Stage.STRONG)) == len(SOME)
    assert {case.escalation for case in cases_of(evaluation, configuration=0)} == {
        "confidence 0.02 is below 0.85"
    }


def test_as_stated_it_does_not(simulated: RunningSimulator) -> None:
    put_to_use(Signalled(500, {Signal.STATED: 0.0}, -4.0, HALF))
    stated = in_force(calibration=Calibration.STATED)

    evaluation = drive(started(SOME, configurations=[stated]))

    assert answers(evaluation, Stage.STRONG) == []
    assert {each.chance for each in answers(evaluation)} == {None}


def test_what_was_stated_and_what_decided_are_both_kept(simulated: RunningSimulator) -> None:
    put_to_use()

    evaluation = drive(started(SOME))

    for said in answers(evaluation):
        assert said.confidence is not None
        assert said.chance == pytest.approx(HALF.chance(said.confidence))
    assert evaluation.results is not None
    told = evaluation.results["configurations"][0]
    assert told["recommendation"]["calibrators"] == {"classify": MODEST.version}
    assert told["calibration"]["decides"] == "in_use"


def test_what_decided_stays_when_the_calibrator_goes_out_of_use(
    simulated: RunningSimulator,
) -> None:
    calibrator = put_to_use(Signalled(500, {Signal.STATED: 0.0}, -4.0, HALF))
    evaluation = drive(started(SOME))
    before = cases_of(evaluation, configuration=0)

    calibrators.deactivate(Stage(calibrator.stage), by=User.objects.system())

    assert cases_of(evaluation, configuration=0) == before


def test_a_calibrator_that_is_gone_ends_the_run_in_words(simulated: RunningSimulator) -> None:
    calibrator = put_to_use()
    evaluation = started(SOME)
    Calibrator.objects.all().delete()

    drive(evaluation)

    assert evaluation.state == EvaluationState.FAILED
    assert evaluation.error == f"its calibrator {calibrator.version} is not there any more"


def test_a_calibrator_that_cannot_be_read_ends_the_run_in_words(
    simulated: RunningSimulator,
) -> None:
    calibrator = put_to_use()
    evaluation = started(SOME)
    Calibrator.objects.update(parameters=calibrator.parameters | {"format": 99})

    drive(evaluation)

    assert evaluation.state == EvaluationState.FAILED
    assert evaluation.error == f"its calibrator {calibrator.version} cannot be read"
    assert in_force().first_calibrator == ""  # the next run passes it over, as triage does


def test_a_run_that_was_cancelled_meanwhile_keeps_no_chance(simulated: RunningSimulator) -> None:
    put_to_use()
    evaluation = drive(started(SOME))
    EvaluationAnswer.objects.update(chance=None)
    rows = Evaluation.objects.filter(pk=evaluation.pk)
    rows.update(state=EvaluationState.RUNNING, results=None, finished_at=None, lease_until=None)
    claimed, run = claims.claim(evaluation.pk), work.load(evaluation)
    assert claimed is not None
    rows.update(state=EvaluationState.CANCELLED)

    with pytest.raises(ClaimLost):
        scaling.scale_firsts(run, claimed)

    assert {each.chance for each in answers(evaluation)} == {None}


def test_nobody_is_escalated_before_every_ticket_has_its_first_answer(
    simulated: RunningSimulator,
) -> None:
    evaluation = started(rows(refund=6, login=5, legal=3))

    drive(evaluation)

    models = [each["model"] for each in simulated.bill()["requests"]]
    assert models == sorted(models)  # Haiku's, then Sonnet's
    assert len(set(models)) == 2


def test_a_slice_that_comes_again_moves_no_chance(simulated: RunningSimulator) -> None:
    put_to_use()
    evaluation = started(SOME, is_batch=True)
    drive(evaluation)
    before = [each.chance for each in answers(evaluation)]
    timid = to_json(Signalled(500, {Signal.STATED: 0.0}, -4.0, HALF))
    Calibrator.objects.update(parameters=timid | {LOCAL_VERSION: ""})

    running = {"state": EvaluationState.RUNNING, "results": None, "finished_at": None}
    Evaluation.objects.filter(pk=evaluation.pk).update(**running)
    advance(evaluation)

    evaluation.refresh_from_db()
    assert evaluation.state == EvaluationState.DONE
    assert [each.chance for each in answers(evaluation)] == before


# --- calibrators of its own


def test_with_calibrators_of_its_own_the_proof_is_theirs_once_they_are_in_use(
    simulated: RunningSimulator, bob: User
) -> None:
    own = in_force(calibration=Calibration.OWN)
    evaluation = drive(started(MIXED, is_batch=True, configurations=[own]), seconds=90)
    assert evaluation.results is not None
    told = evaluation.results["configurations"][0]
    assert told["calibration"]["decides"] == "own"

    found = fitting.fit_from(evaluation, by=bob)
    before = why_unfit(evaluation, 0, told["recommendation"], now_in_force())
    calibrators.activate(found, by=bob)
    after = why_unfit(evaluation, 0, told["recommendation"], now_in_force())

    assert told["recommendation"]["calibrators"]["classify"] == found.version
    assert all(each.chance is not None for each in answers(evaluation))
    assert before.startswith("proven by calibrators that are not those in use")
    assert after == ""


def test_too_few_tickets_to_calibrate_leave_what_was_stated(simulated: RunningSimulator) -> None:
    own = in_force(calibration=Calibration.OWN)

    evaluation = drive(started(SOME, configurations=[own]))

    assert evaluation.results is not None
    recommendation = evaluation.results["configurations"][0]["recommendation"]
    assert (recommendation["speaks_of"], recommendation["calibrators"]) == ("stated", {})
    assert {each.chance for each in answers(evaluation)} == {None}


def test_what_a_calibrator_was_fitted_on_calibrates_again(
    simulated: RunningSimulator, bob: User
) -> None:
    first = drive(started(MIXED, is_batch=True), seconds=90)
    calibrators.activate(fitting.fit_from(first, by=bob), by=bob)
    fitted_on = set(first.tickets.filter(part=Part.CALIBRATE).values_list("description", flat=True))

    again = propose([*MIXED, row("refund", 400)], seed=5)

    calibrating = again.tickets.filter(description__in=fitted_on)
    assert set(calibrating.values_list("part", flat=True)) == {Part.CALIBRATE}
    assert "known" in codes(again)
    assert again.tickets.filter(part=Part.CALIBRATE).count() == len(fitted_on)
    assert again.tickets.filter(part=Part.CHOOSE).exists()


def test_what_is_like_a_text_that_a_calibrator_was_fitted_on_calibrates_again(
    simulated: RunningSimulator, bob: User
) -> None:
    first = drive(started(MIXED, is_batch=True), seconds=90)
    calibrators.activate(fitting.fit_from(first, by=bob), by=bob)
    fitted_on = first.tickets.filter(part=Part.CALIBRATE)
    alike = [
        {"description": f"{each.description} please", "label": each.label} for each in fitted_on
    ]

    again = propose([*rows(refund=60, legal=30)[40:], *alike])

    known = again.tickets.filter(description__endswith=" please")
    assert known.count() == len(alike)
    assert set(known.values_list("part", flat=True)) == {Part.CALIBRATE}


# --- the local model's chances


WITH_LOCAL = Signalled(500, {Signal.STATED: 0.2, Signal.LOCAL: 1.0}, 0.0, HALF)


def test_the_chance_of_the_local_model_that_a_calibrator_knows_is_weighed(
    simulated: RunningSimulator,
) -> None:
    champion = crown(trust={HAIKU: 0.7}, certificate=EASY | {"is_simulated": True})
    put_to_use(WITH_LOCAL, beside={LOCAL_VERSION: champion.version})

    evaluation = drive(started(SOME))

    for said in answers(evaluation):
        assert said.local_chance is not None
        assert said.chance == pytest.approx(
            WITH_LOCAL.chance(Signals(said.confidence or 0, local_chance=said.local_chance))
        )


def test_the_chance_of_another_local_model_is_not(simulated: RunningSimulator) -> None:
    crown(trust={HAIKU: 0.7}, certificate=EASY | {"is_simulated": True})
    put_to_use(WITH_LOCAL, beside={LOCAL_VERSION: "an older one"})

    evaluation = drive(started(SOME))

    for said in answers(evaluation):
        assert said.chance == pytest.approx(HALF.chance(said.confidence or 0))


def test_what_the_weighed_local_model_may_have_learnt_proves_nothing(
    simulated: RunningSimulator,
) -> None:
    drive(started(MIXED))
    champion = crown(trust={HAIKU: 0.7}, certificate=EASY | {"is_simulated": True})
    plain = propose(MIXED)
    put_to_use(WITH_LOCAL, beside={LOCAL_VERSION: champion.version})

    again = propose([*MIXED, *rows(legal=40)])

    known = again.tickets.filter(label__in=("refund", "login"), part__in=(Part.CHOOSE, Part.REPORT))
    learnt = plain.tickets.exclude(part=Part.CALIBRATE).values("description")
    assert not known.filter(description__in=learnt).exists()
    assert again.tickets.filter(part=Part.CHOOSE).exists()


def test_a_local_model_that_is_replaced_meanwhile_ends_the_run_in_words(
    simulated: RunningSimulator,
) -> None:
    champion = crown(trust={HAIKU: 0.7}, certificate=EASY | {"is_simulated": True})
    put_to_use(WITH_LOCAL, beside={LOCAL_VERSION: champion.version})
    evaluation = started(SOME)
    LocalModel.objects.update(version="another")
    stage_0.forget()

    drive(evaluation)

    assert evaluation.state == EvaluationState.FAILED
    assert "was replaced meanwhile" in evaluation.error


def test_calibrators_of_its_own_do_without_a_local_model_that_knows_the_tickets(
    simulated: RunningSimulator,
) -> None:
    drive(started(SOME))
    crown(trust={HAIKU: 0.7}, certificate=EASY | {"is_simulated": True})

    own = drive(started(SOME, configurations=[in_force(calibration=Calibration.OWN)]))
    stated = drive(started(rows(legal=5)))

    assert {each.local_chance for each in answers(own)} == {None}
    assert all(each.local_chance is not None for each in answers(stated))


def test_the_local_models_chances_stand_beside_what_was_said(
    simulated: RunningSimulator,
) -> None:
    champion = crown(trust={HAIKU: 0.7}, certificate=EASY | {"is_simulated": True})

    evaluation = drive(started(SOME))

    assert in_force().local_version == champion.version
    assert all(each.local_chance is not None for each in answers(evaluation))


def test_a_proof_beside_another_local_model_does_not_hold(simulated: RunningSimulator) -> None:
    put_to_use(beside={LOCAL_VERSION: "an older one"})
    evaluation = drive(started(SOME))
    assert evaluation.results is not None
    recommendation = evaluation.results["configurations"][0]["recommendation"]
    before = why_unfit(evaluation, 0, recommendation, now_in_force())

    crown()

    assert before == ""
    assert why_unfit(evaluation, 0, recommendation, now_in_force()) == (
        "proven beside another local model, whose chances the calibrators weigh"
    )


# --- asking for it


def test_which_confidence_decides_is_a_field_like_any_other(desk: object) -> None:
    assert in_force(**parse_changes(["calibration=own"])).first_calibrator == OWN
    with pytest.raises(InvalidInput, match="calibration"):
        parse_changes(["calibration=magic"])


def test_a_calibrator_of_another_model_decides_nothing_in_a_comparison(desk: object) -> None:
    put_to_use()

    assert in_force().first_calibrator == MODEST.version
    assert in_force(first_model=HAIKU_4_5).first_calibrator == ""
