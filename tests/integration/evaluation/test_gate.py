"""A label is applied without review by proof, or by name; nothing else switches it on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.evaluation.admin_rows import (
    EASY,
    HARD,
    a_done,
    an_evaluation,
    group,
    recommendation,
    results,
    use_calibrator,
)
from tests.integration.web_cases import add_labels
from triage.exceptions import InvalidInput
from triage.models import (
    Automation,
    Calibrator,
    Call,
    Evaluation,
    EvaluationSource,
    Label,
)
from triage.services import taxonomy
from triage.services.evaluation import gate
from triage.services.evaluation.configurations import in_force, to_json
from triage.services.evaluation.gate import Standing

CALIBRATED = {"speaks_of": "calibrated", "calibrators": {"classify": "abc"}}


@pytest.fixture
def label(db: None) -> Label:
    return add_labels()["account-login"]


def row_of(label: Label) -> gate.Row:
    return next(each for each in gate.review() if each.label.pk == label.pk)


def refusal(label: Label, evaluation: Evaluation, by: User) -> str:
    with pytest.raises(InvalidInput) as caught:
        gate.switch_on(label, evaluation=evaluation, by=by)
    assert caught.value.field == "evaluation"
    label.refresh_from_db()
    assert (label.auto_apply, label.auto_apply_evaluation_id) == (False, None)
    return caught.value.message


def test_a_proven_label_is_switched_on_with_its_threshold_and_its_grounds(
    label: Label, bob: User
) -> None:
    evaluation = a_done(EASY, HARD)

    gate.switch_on(label, evaluation=evaluation, by=bob)

    label.refresh_from_db()
    assert (label.auto_apply, label.threshold) == (True, 0.91)
    assert label.auto_apply_evaluation == evaluation
    assert label.auto_apply_reason == (
        f"Evaluation {evaluation.pk} (simulated): at most 2 % wrong with 95 % confidence from 0.91 on; 812 judged tickets"
    )
    assert row_of(label).standing is Standing.PROVEN


def test_a_proof_still_holds_once_it_is_published(label: Label, bob: User) -> None:
    gate.switch_on(label, evaluation=a_done(EASY, HARD), by=bob)

    taxonomy.publish(by=bob)

    assert taxonomy.current().labels["account-login"].auto_apply
    row = row_of(label)
    assert (row.standing, row.outdated) == (Standing.PROVEN, "")


def test_a_label_whose_group_is_refused_is_not_switched_on(label: Label, bob: User) -> None:
    evaluation = a_done(EASY, HARD)
    hard = Label.objects.get(slug="billing-wrong-charge")

    assert refusal(hard, evaluation, bob) == "at most 2 % wrong is not proven"
    row = row_of(hard)
    assert (row.proof, row.group, row.missing) == (None, "hard", 340)


def test_what_is_not_proven_is_said_before_what_else_does_not_fit(label: Label, bob: User) -> None:
    a_done(EASY, HARD, source=EvaluationSource.CORRECTED)

    assert row_of(Label.objects.get(slug="billing-wrong-charge")).refusal == (
        "at most 2 % wrong is not proven"
    )
    assert "no random sample" in row_of(label).refusal


def test_a_label_that_no_group_names_is_not_switched_on(label: Label, bob: User) -> None:
    assert "does not know this label" in refusal(label, a_done(HARD), bob)


def test_what_is_not_done_proves_nothing(label: Label, bob: User) -> None:
    evaluation = an_evaluation(results=results(recommendation(EASY)))

    assert refusal(label, evaluation, bob) == "it is not done"
    assert gate.proof_for(label) is None


def test_corrected_tickets_prove_nothing(label: Label, bob: User) -> None:
    evaluation = a_done(EASY, source=EvaluationSource.CORRECTED)

    assert "no random sample" in refusal(label, evaluation, bob)


def test_a_proof_ends_after_90_days(label: Label, bob: User) -> None:
    old = a_done(EASY, finished_at=timezone.now() - timedelta(days=91))
    young = a_done(EASY, finished_at=timezone.now() - timedelta(days=89))

    assert refusal(label, old, bob) == "proven more than 90 days ago"
    proof = gate.proof_for(label)
    assert proof is not None
    assert proof.evaluation_id == young.pk


@pytest.mark.parametrize("is_simulated", [True, False])
def test_simulated_answers_prove_nothing_of_claude_nor_the_reverse(
    is_simulated: bool, label: Label, bob: User, settings: Settings
) -> None:
    evaluation = a_done(EASY, results=results(recommendation(EASY), is_simulated=is_simulated))
    settings.TRIAGE_SIMULATOR = not is_simulated

    said = refusal(label, evaluation, bob)

    assert said.startswith("proven with the simulator" if is_simulated else "proven with real")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first_model": "claude-sonnet-5"}, "proven for other models"),
        ({"strong_model": ""}, "proven for other models"),
        ({"instruction": "Be careful."}, "proven for another way of asking"),
        ({"tickets_a_call": 5}, "proven for another way of asking"),
        ({"apply": 0.7}, "proven with other general thresholds"),
    ],
)
def test_what_was_asked_otherwise_proves_nothing(
    changes: dict[str, Any], said: str, label: Label, bob: User
) -> None:
    asked = replace(in_force(), **changes)

    assert refusal(label, a_done(EASY, configurations=[to_json(asked)]), bob) == said


@pytest.mark.parametrize(
    "change", [{"description": "The customer cannot get in."}, {"always_escalate": True}]
)
def test_other_labels_end_a_proof(change: dict[str, Any], label: Label, bob: User) -> None:
    gate.switch_on(label, evaluation=a_done(EASY, HARD), by=bob)
    Label.objects.filter(slug="delivery-late").update(**change)

    before = row_of(label)
    taxonomy.publish(by=bob)
    after = row_of(label)

    assert before.standing is Standing.PROVEN
    assert after.standing is Standing.OUTDATED
    assert after.outdated == "proven for an older prompt: the labels have changed"
    label.refresh_from_db()
    assert label.auto_apply  # it is said, and not switched off


def test_another_guide_ends_a_proof(label: Label, bob: User) -> None:
    evaluation = a_done(EASY)
    Call.objects.update(prompt_version=f"0123456789abcdef+evaluation-{evaluation.pk}-0")

    assert "the guide has changed" in refusal(label, evaluation, bob)


def test_a_second_configuration_proves_what_the_first_does_not_speak_of(
    label: Label, bob: User
) -> None:
    asked = [to_json(in_force("A", apply=0.5)), to_json(in_force("B"))]
    told = results(recommendation(EASY), recommendation(HARD, group("easy", "account-login")))
    evaluation = a_done(EASY, configurations=asked, results=told)
    answer = evaluation.tickets.get().answers.get()
    answer.configuration = 1
    answer.save()

    proof = gate.switch_on(label, evaluation=evaluation, by=bob)

    assert proof.group == "easy"


def test_calibrated_thresholds_need_the_calibration_they_were_proven_with(
    label: Label, bob: User
) -> None:
    evaluation = a_done(EASY, said=CALIBRATED)
    other = a_done(EASY, said=CALIBRATED | {"calibrators": {"classify": "another"}})

    before = refusal(label, evaluation, bob)
    calibrator = use_calibrator(evaluation, "abc")
    gate.switch_on(label, evaluation=evaluation, by=bob)
    taxonomy.publish(by=bob)

    assert before.startswith("proven by calibrators that are not those in use")
    assert row_of(label).standing is Standing.PROVEN
    assert "calibrators that are not" in refusal(
        Label.objects.get(slug="delivery-late"), other, bob
    )
    calibrator.is_active = False
    calibrator.save()
    assert row_of(label).standing is Standing.OUTDATED


def test_a_calibration_that_is_passed_over_is_not_in_use(label: Label, bob: User) -> None:
    calibrated, stated = a_done(EASY, said=CALIBRATED), a_done(EASY)
    Calibrator.objects.filter(pk=use_calibrator(calibrated, "abc").pk).update(model="other")

    assert "it was fitted on answers of other" in refusal(label, calibrated, bob)
    assert gate.switch_on(label, evaluation=stated, by=bob).threshold == 0.91


@pytest.mark.parametrize("promise", [{"target": 0.01}, {"d": 0.01}])
def test_a_proof_of_a_laxer_promise_ends_with_a_stricter_one(
    promise: dict[str, float], label: Label, bob: User
) -> None:
    gate.switch_on(label, evaluation=a_done(EASY), by=bob)

    Automation.objects.create(**promise)

    assert row_of(label).outdated == "proven for a promise that is laxer than the one in force"


def test_stated_thresholds_prove_nothing_where_confidences_are_calibrated(
    label: Label, bob: User
) -> None:
    evaluation = a_done(EASY)
    use_calibrator(evaluation)

    assert "calibrated ones are in use" in refusal(label, evaluation, bob)


def test_a_lowered_threshold_is_no_longer_proven_and_a_higher_one_is(
    label: Label, bob: User
) -> None:
    gate.switch_on(label, evaluation=a_done(EASY, HARD), by=bob)

    Label.objects.filter(pk=label.pk).update(threshold=0.95)
    higher = row_of(label).standing
    Label.objects.filter(pk=label.pk).update(threshold=0.9)

    assert higher is Standing.PROVEN
    assert row_of(label).outdated == "the threshold was lowered; 0.91 was proven"


def test_an_override_bears_the_name_and_the_reason(label: Label, bob: User) -> None:
    gate.override(label, reason="  The launch\ncannot wait. ", by=bob)

    label.refresh_from_db()
    assert label.auto_apply
    assert label.auto_apply_reason == f"{bob}: The launch cannot wait."
    assert row_of(label).standing is Standing.OVERRIDDEN


def test_an_override_of_a_proven_label_drops_the_proof(label: Label, bob: User) -> None:
    gate.switch_on(label, evaluation=a_done(EASY), by=bob)

    gate.override(label, reason="I know better than that.", by=bob)

    assert row_of(label).standing is Standing.OVERRIDDEN


@pytest.mark.parametrize("reason", ["", "   ", "too short", " a b c d e ", "long " * 50])
def test_an_override_needs_a_reason_that_can_be_kept(reason: str, label: Label, bob: User) -> None:
    with pytest.raises(InvalidInput) as caught:
        gate.override(label, reason=reason, by=bob)

    assert caught.value.field == "reason"
    assert not Label.objects.get(pk=label.pk).auto_apply


def test_switching_off_takes_the_proven_threshold_back_but_not_ones_own(
    label: Label, bob: User
) -> None:
    other = Label.objects.get(slug="delivery-late")
    Label.objects.filter(pk=other.pk).update(threshold=0.8)
    gate.switch_on(label, evaluation=a_done(EASY), by=bob)
    gate.override(other, reason="The launch cannot wait.", by=bob)

    gate.switch_off(label, by=bob)
    gate.switch_off(other, by=bob)

    label.refresh_from_db()
    other.refresh_from_db()
    assert (label.auto_apply, label.threshold, label.auto_apply_reason) == (False, None, "")
    assert (other.auto_apply, other.threshold) == (False, 0.8)


def test_a_label_is_escalated_always_only_where_an_evaluation_proposes_it(
    label: Label, bob: User
) -> None:
    hard = Label.objects.get(slug="billing-wrong-charge")
    a_done(EASY, HARD, said={"always_escalate": [{"label": hard.slug, "name": hard.name}]})

    gate.escalate_always(hard, by=bob)

    hard.refresh_from_db()
    assert hard.always_escalate
    with pytest.raises(InvalidInput):
        gate.escalate_always(label, by=bob)


def test_the_review_asks_no_more_for_more_labels(
    label: Label, bob: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        Label.objects.create(slug=f"label-{number}", name=f"Label {number}")
    gate.switch_on(label, evaluation=a_done(EASY), by=bob)

    with django_assert_max_num_queries(12):
        assert len(gate.review()) == 23
