"""Calibrators: fitted on the tickets for calibrating, measured on those of the report, used and taken back by a person.

The answers are invented: a model that states too much.
"""

from io import BytesIO
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.learning.cases import publish_labels
from tests.unit.evaluation.local_cases import LABELS, tickets
from triage.exceptions import Conflict, InvalidInput
from triage.models import (
    AnswerState,
    Calibrator,
    Evaluation,
    EvaluationAnswer,
    EvaluationSource,
    EvaluationState,
    EvaluationTicket,
    Label,
    LocalModel,
    Part,
    Stage,
)
from triage.services import taxonomy
from triage.services.classification import calibrating, stage_0
from triage.services.classification.calibrating import GUIDE, LOCAL_VERSION, SIMULATED
from triage.services.classification.prompt import guide_version, prompt_version
from triage.services.evaluation import calibrators, claims, fitting, scaling, work
from triage.services.evaluation.configurations import in_force, to_json
from triage.services.gateway.catalog import HAIKU, SONNET
from triage.services.local import storage, training
from triage.services.statistics.signals import Signal, from_json

pytestmark = pytest.mark.usefixtures("labels")
CALIBRATE, REPORT = 400, 300


@pytest.fixture
def labels(db: None) -> None:
    publish_labels()


def evaluate(*, seed: int = 1, state: str = EvaluationState.DONE, **changes: Any) -> Evaluation:
    """An evaluation whose first model states 0.8 to 1 and is right in 70 of 100; the strong one in 80 of the unsure ones."""
    evaluation = Evaluation.objects.create(
        name="Own tickets",
        source=EvaluationSource.FILE,
        state=state,
        by=User.objects.system(),
        configurations=[to_json(in_force(**changes))],
        quote={},
        budget_nanousd=0,
        results={"is_simulated": True},
        finished_at=timezone.now(),
    )
    texts, truths = tickets(CALIBRATE + REPORT, seed=seed)
    rows = EvaluationTicket.objects.bulk_create(
        EvaluationTicket(
            evaluation=evaluation,
            number=place,
            description=text,
            label=truth,
            part=Part.CALIBRATE if place < CALIBRATE else Part.REPORT,
        )
        for place, (text, truth) in enumerate(zip(texts, truths, strict=True))
    )
    draw = Random(seed)
    EvaluationAnswer.objects.bulk_create(each for row in rows for each in _answers(row, draw))
    return evaluation


def _answers(row: EvaluationTicket, draw: Random) -> list[EvaluationAnswer]:
    is_right = draw.random() < 0.7
    sure = 0.8 + 0.2 * draw.random() * (1.0 if is_right else 0.7)
    first = _answer(row, Stage.FIRST, _said(row.label, is_right, draw), sure, draw)
    if sure >= 0.85:
        return [first]
    is_right = draw.random() < 0.8
    return [first, _answer(row, Stage.STRONG, _said(row.label, is_right, draw), 0.95, draw)]


def _said(truth: str, is_right: bool, draw: Random) -> str:
    return truth if is_right else draw.choice([label for label in LABELS if label != truth])


def _answer(
    row: EvaluationTicket, stage: Stage, label: str, confidence: float, draw: Random
) -> EvaluationAnswer:
    return EvaluationAnswer(
        ticket=row,
        configuration=0,
        stage=stage,
        state=AnswerState.ANSWERED,
        label=label,
        confidence=confidence,
        runner_up=draw.choice(LABELS),
        runner_up_confidence=(1 - confidence) / 2,
    )


def settle(evaluation: Evaluation) -> Evaluation:
    """As a run does it before it is done: the local model's chances beside the answers."""
    rows = Evaluation.objects.filter(pk=evaluation.pk)
    rows.update(state=EvaluationState.RUNNING)
    claimed, run = claims.claim(evaluation.pk), work.load(evaluation)
    assert claimed is not None
    scaling.scale_firsts(run, claimed)
    scaling.scale_strongs(run, claimed)
    rows.update(state=EvaluationState.DONE)
    return evaluation


def crown(*, seed: int, trust: float = 0.7) -> LocalModel:
    """A champion that was trained on other tickets than those of an evaluation with another seed."""
    model = training.train(*tickets(200, seed=seed))
    to = BytesIO()
    storage.save(model, to)
    champion = LocalModel.objects.create(
        content=to.getvalue(),
        version=model.version,
        taxonomy_digest=taxonomy.current().digest,
        tickets=model.tickets,
        state="champion",
        trust={HAIKU: trust},
        by=User.objects.system(),
    )
    stage_0.forget()
    return champion


def test_a_calibrator_is_fitted_on_one_part_and_measured_on_another(bob: User) -> None:
    evaluation = evaluate()

    found = fitting.fit_from(evaluation, by=bob)

    assert (found.stage, found.model, found.tickets) == (Stage.FIRST, HAIKU, CALIBRATE)
    assert (found.is_active, found.by, found.evaluation) == (False, bob, evaluation)
    assert found.prompt_version == prompt_version(taxonomy.current())
    assert found.parameters[GUIDE] == guide_version(taxonomy.current())
    assert found.parameters[SIMULATED] is True
    assert found.error_before > 0.15
    assert found.error_after < 0.6 * found.error_before
    assert from_json(found.parameters).version == found.version


def test_the_strong_models_is_fitted_where_the_rule_asked_it(bob: User) -> None:
    evaluation = evaluate()
    escalated = EvaluationAnswer.objects.filter(
        stage=Stage.STRONG, ticket__part=Part.CALIBRATE
    ).count()

    found = fitting.fit_from(evaluation, by=bob, stage=Stage.STRONG)

    assert (found.model, found.tickets) == (SONNET, escalated)


def test_the_same_evaluation_gives_the_same_calibrator(bob: User) -> None:
    evaluation = evaluate()

    found = [fitting.fit_from(evaluation, by=bob) for _ in range(2)]

    assert found[0] == found[1]
    assert Calibrator.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "stage", "why"),
    [
        ({"state": EvaluationState.RUNNING}, Stage.FIRST, "it is not done"),
        ({"instruction": "Be brief."}, Stage.FIRST, "an instruction that triage does not ask with"),
        ({"tickets_a_call": 5}, Stage.FIRST, "its tickets were packed"),
        ({"strong_model": ""}, Stage.STRONG, "it has no strong model"),
        ({}, Stage.LOCAL, "states no confidence"),
    ],
)
def test_what_was_asked_otherwise_than_triage_asks_is_refused(
    bob: User, changes: dict[str, Any], stage: Stage, why: str
) -> None:
    evaluation = evaluate(**changes)

    with pytest.raises(InvalidInput, match=why):
        fitting.fit_from(evaluation, by=bob, stage=stage)


def test_each_configuration_has_calibrators_of_its_own(bob: User) -> None:
    evaluation = evaluate()
    evaluation.configurations += [to_json(in_force("B"))]
    evaluation.save()
    answers = EvaluationAnswer.objects.filter(ticket__evaluation=evaluation)
    for row in list(answers):
        row.pk, row.configuration = None, 1
        row.confidence = (row.confidence or 0) ** 3
        row.save()

    found = [fitting.fit_from(evaluation, by=bob, configuration=place) for place in (0, 1)]

    assert found[0].version != found[1].version
    with pytest.raises(InvalidInput, match="none of that name"):
        fitting.fit_from(evaluation, by=bob, configuration=2)


def test_too_few_tickets_are_refused_in_words(bob: User) -> None:
    evaluation = evaluate()
    evaluation.tickets.filter(part=Part.CALIBRATE, number__gt=20).delete()

    with pytest.raises(InvalidInput, match="21 are too few, at least 30"):
        fitting.fit_from(evaluation, by=bob)


def test_without_a_report_nothing_can_be_measured(bob: User) -> None:
    evaluation = evaluate()
    evaluation.tickets.filter(part=Part.REPORT).delete()

    with pytest.raises(InvalidInput, match="none is left to measure"):
        fitting.fit_from(evaluation, by=bob)


def test_the_champions_chances_make_the_calibrator_sharper(bob: User) -> None:
    champion = crown(seed=7)
    evaluation = settle(evaluate())

    found = fitting.fit_from(evaluation, by=bob)

    assert Signal.LOCAL in from_json(found.parameters).weights
    assert found.parameters[LOCAL_VERSION] == champion.version


def test_what_the_champion_may_have_learnt_from_lends_it_no_chances(bob: User) -> None:
    evaluation = evaluate()
    evaluation.tickets.filter(part=Part.CALIBRATE).update(part=Part.CHOOSE)
    crown(seed=7)
    again = settle(evaluate())

    found = fitting.fit_from(again, by=bob)

    assert Signal.LOCAL not in from_json(found.parameters).weights
    assert found.parameters[LOCAL_VERSION] == ""


# --- put to use and taken back


def test_one_a_stage_is_in_use_and_says_since_when_and_by_whom(bob: User) -> None:
    one, other = (fitting.fit_from(evaluate(seed=seed), by=bob) for seed in (1, 2))

    calibrators.activate(one, by=bob)
    calibrators.activate(other, by=bob)

    assert calibrators.active(Stage.FIRST) == other
    assert Calibrator.objects.filter(is_active=True).count() == 1
    (use,) = calibrators.uses_of(Calibrator.objects.get(pk=other.pk))
    assert (use.by, use.at[:4]) == (str(bob), str(timezone.now().year))


def test_one_click_brings_the_former_one_back_and_the_first_one_has_none(bob: User) -> None:
    one, other = (fitting.fit_from(evaluate(seed=seed), by=bob) for seed in (1, 2))
    calibrators.activate(one, by=bob)
    assert calibrators.back(one, by=bob) is None
    assert calibrators.active(Stage.FIRST) is None

    calibrators.activate(one, by=bob)
    calibrators.activate(other, by=bob)

    assert calibrators.back(other, by=bob) == one
    assert calibrators.active(Stage.FIRST) == one
    with pytest.raises(Conflict, match="not in use any more"):  # pressed twice
        calibrators.back(other, by=bob)
    assert calibrators.active(Stage.FIRST) == one


def test_back_without_one_in_use_is_refused(bob: User) -> None:
    with pytest.raises(Conflict, match="not in use any more"):
        calibrators.back(fitting.fit_from(evaluate(), by=bob), by=bob)


def test_one_that_would_be_passed_over_is_not_put_to_use(bob: User) -> None:
    found = fitting.fit_from(evaluate(), by=bob)
    Label.objects.filter(slug=LABELS[0]).update(description="Something else.")
    taxonomy.publish(by=User.objects.system())

    with pytest.raises(Conflict, match="another guide"):
        calibrators.activate(found, by=bob)

    assert calibrators.problem_of(found).startswith("it was fitted with another guide")


@pytest.mark.django_db(transaction=True)
def test_the_cascade_asks_it_at_once(bob: User) -> None:
    found = fitting.fit_from(evaluate(), by=bob)
    origin = calibrating.Origin(Stage.FIRST, HAIKU, guide_version(taxonomy.current()))
    assert calibrating._find(origin) is None

    calibrators.activate(found, by=bob)

    in_use = calibrating._find(origin)
    assert in_use is not None
    assert in_use.signalled.version == found.version
