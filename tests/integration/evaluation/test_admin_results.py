"""From real results to the page, its files and the gate: on hand-made answers, and on a run against the simulator."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.integration.evaluation.admin_rows import a_call
from tests.integration.evaluation.cases import drive, jsonl, rows
from tests.unit.evaluation.results_cases import crowd
from triage.models import (
    AnswerState,
    Evaluation,
    EvaluationAnswer,
    EvaluationState,
    EvaluationTicket,
    Label,
    Stage,
)
from triage.services import taxonomy
from triage.services.evaluation import calibrators, fitting, gate, results
from triage.services.evaluation.cases import Case, Said
from triage.services.evaluation.configurations import in_force, to_json
from triage.services.evaluation.reading import cases_of
from triage.services.statistics.thresholds import Promise
from triage.simulator import RunningSimulator

PROMISE = Promise(target=0.02, d=0.05)  # as without a row that says otherwise
LABELS = ("delivery", "login", "other", "refund")


@pytest.fixture
def labels(db: None) -> None:
    for slug in LABELS:
        Label.objects.create(slug=slug, name=slug.capitalize())
    taxonomy.publish(by=User.objects.system())


def address(name: str, evaluation: Evaluation, *more: str) -> str:
    return reverse(f"admin:evaluation{name}", args=[evaluation.pk, *more])


def words(client: Client, where: str) -> str:
    response = client.get(where)
    assert response.status_code == 200
    return " ".join(response.text.split())


def evaluated(cases: list[Case]) -> Evaluation:
    """An evaluation that is done, with these answers and the results that they have."""
    evaluation = Evaluation.objects.create(
        name="Crowd",
        source="confirmed",
        by=User.objects.system(),
        configurations=[to_json(in_force())],
        quote={"tickets": len(cases)},
        budget_nanousd=10**9,
    )
    tickets = EvaluationTicket.objects.bulk_create(
        EvaluationTicket(
            evaluation=evaluation,
            number=case.number,
            description=case.text,
            label=case.truth,
            part=case.part,
        )
        for case in cases
    )
    call = a_call(tickets[0])
    EvaluationAnswer.objects.bulk_create(
        an_answer(ticket, stage, said, call.pk)
        for ticket, case in zip(tickets, cases, strict=True)
        for stage, said in ((Stage.FIRST, case.first), (Stage.STRONG, case.strong))
        if said
    )
    told = results.compute(
        cases_of(evaluation, configuration=0),
        None,
        configurations=[in_force()],
        labels=taxonomy.current().labels,
        promise=PROMISE,
    )
    evaluation.results = told | {"is_simulated": True}
    evaluation.state, evaluation.finished_at = EvaluationState.DONE, timezone.now()
    evaluation.save()
    return evaluation


def an_answer(ticket: EvaluationTicket, stage: Stage, said: Said, call_id: int) -> EvaluationAnswer:
    return EvaluationAnswer(
        ticket=ticket,
        configuration=0,
        stage=stage,
        state=AnswerState.ANSWERED,
        call_id=call_id,
        label=said.label,
        confidence=said.confidence,
        runner_up=said.runner_up,
        runner_up_confidence=said.runner_up_confidence if said.runner_up else None,
        cost_nanousd=said.cost_nanousd,
    )


@pytest.mark.usefixtures("labels")
def test_a_done_one_shows_its_results_its_files_and_that_it_was_simulated(as_bob: Client) -> None:
    evaluation = evaluated(crowd(60))

    html = words(as_bob, address("", evaluation))

    assert "They say nothing about Claude." in html
    assert "On 60 labelled tickets triage is 98.3 % right" in html  # 59 of 60
    assert f'href="{address("-file", evaluation, "csv")}"' in html
    assert f'href="{address("-tickets", evaluation)}?' in html


@pytest.mark.usefixtures("labels")
def test_its_files_can_be_taken_along(as_bob: Client) -> None:
    evaluation = evaluated(crowd(30))

    files = {
        kind: as_bob.get(address("-file", evaluation, kind)) for kind in ("json", "csv", "html")
    }

    assert json.loads(files["json"].text)["results"]["tickets"] == 30
    assert len(files["csv"].text.splitlines()) == 31
    assert "simulat" in files["html"].text
    assert files["csv"].headers["Content-Disposition"] == (
        f'attachment; filename="evaluation-{evaluation.pk}.csv"'
    )


@pytest.mark.usefixtures("labels")
def test_a_file_of_another_kind_or_of_nothing_is_not_found(as_bob: Client) -> None:
    evaluation = evaluated(crowd(10))
    Evaluation.objects.filter(pk=evaluation.pk).update(state=EvaluationState.RUNNING, results=None)

    assert as_bob.get(address("-file", evaluation, "exe")).status_code == 404
    assert as_bob.get(address("-file", evaluation, "html")).status_code == 404


@pytest.mark.parametrize("number", [0, 1, 3])
@pytest.mark.usefixtures("labels")
def test_a_few_tickets_certify_nothing_and_break_no_page(number: int, as_bob: Client) -> None:
    cases = crowd(3)[:number]
    evaluation = evaluated(cases) if cases else evaluated_of_nothing()

    words(as_bob, address("", evaluation))
    words(as_bob, "/admin/taxonomy/gate/")

    assert [row.proof for row in gate.review()] == [None] * len(LABELS)


def evaluated_of_nothing() -> Evaluation:
    evaluation = evaluated(crowd(1))
    told = results.compute([], None, configurations=[in_force()], labels={}, promise=PROMISE)
    evaluation.results = told | {"is_simulated": True}
    evaluation.save()
    return evaluation


@pytest.mark.usefixtures("labels")
def test_real_results_prove_what_they_certify_as_long_as_what_was_stated_decides(
    as_bob: Client, bob: User
) -> None:
    evaluation = evaluated(crowd(2_500, wrong=0.002))

    review = {row.label.slug: row for row in gate.review()}
    proven = [row for row in review.values() if row.proof]
    as_bob.post("/admin/taxonomy/gate/all/", {"label": [pair(row) for row in review.values()]})

    assert proven
    for row in proven:
        label = Label.objects.get(pk=row.label.pk)
        assert label.auto_apply
        assert row.proof is not None
        assert label.threshold == row.proof.threshold
    assert "On, proven" in words(as_bob, "/admin/taxonomy/gate/")
    calibrators.activate(fitting.fit_from(evaluation, by=bob, stage=Stage.FIRST), by=bob)
    assert "where calibrated ones are in use" in words(as_bob, "/admin/taxonomy/gate/")


def pair(row: gate.Row) -> str:
    return f"{row.label.pk}:{row.proof.evaluation_id if row.proof else ''}"


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_all_the_way_from_the_form_to_the_figures(
    as_bob: Client, simulated: RunningSimulator
) -> None:
    file = SimpleUploadedFile("labelled.jsonl", jsonl(rows(refund=5, login=4, legal=3)))
    form: dict[str, Any] = {"source": "file", "limit": "100", "way": "live", "file": file}

    location = as_bob.post("/admin/evaluations/new/", form).headers["Location"]
    quoted = words(as_bob, location)
    asked = len(simulated.bill()["requests"])
    as_bob.post(f"{location}start/")
    evaluation = drive(Evaluation.objects.get())
    done = words(as_bob, location)

    assert asked == 0
    assert "12 tickets count, of 3 labels" in quoted
    assert evaluation.state == EvaluationState.DONE
    assert " of 12" in done
    assert simulated.bill()["requests"]
    assert "Nothing was evaluated" not in words(as_bob, "/admin/evaluations/")
