"""An evaluation's results on its page and in a file: the same sections, every text escaped, nothing from outside."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import grimp
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from tests.integration.evaluation.admin_rows import an_evaluation
from tests.unit.evaluation.results_cases import LABELS, case, computed, crowd, label, said
from triage.exceptions import InvalidInput
from triage.models import (
    AnswerState,
    Evaluation,
    EvaluationAnswer,
    EvaluationState,
    EvaluationTicket,
    Part,
    Stage,
)
from triage.services import taxonomy
from triage.services.evaluation import results
from triage.services.evaluation.cases import Case
from triage.services.evaluation.configurations import in_force
from triage.services.evaluation.fitting import fit_from
from triage.services.evaluation.reading import cases_of
from triage.services.evaluation.reporting import as_html
from triage.services.statistics.thresholds import Promise

pytestmark = pytest.mark.django_db
LABELS_HERE = ("refund", "login")
PARTS = tuple(Part)


def done(cases: Sequence[Case], others: list[Case] | None = None, **fields: Any) -> Evaluation:
    """An evaluation with the results of these tickets, simulated unless `fields` say otherwise."""
    is_simulated = fields.pop("is_simulated", True)
    told = {**computed(list(cases), others, **fields), "is_simulated": is_simulated}
    return an_evaluation(state=EvaluationState.DONE, results=told, finished_at=timezone.now())


def page_of(evaluation: Evaluation, as_bob: Client) -> str:
    response = as_bob.get(reverse("admin:evaluation", args=[evaluation.pk]))
    assert response.status_code == 200
    return response.content.decode()


def sweep_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    sweep: list[dict[str, Any]] = (evaluation.results or {})["configurations"][0]["sweep"]
    return sweep


def titles(html: str) -> list[str]:
    return re.findall(r"results-section\" id=\"[^\"]+\"><h2>([^<]+)</h2>", html)


def test_the_page_and_the_file_have_the_same_sections(as_bob: Client, simulated: object) -> None:
    evaluation = done(crowd(400))

    page, file = page_of(evaluation, as_bob), as_html(evaluation)

    assert titles(page) == titles(file)
    assert titles(file) == [
        "In one sentence",
        "Figures",
        "What may stand without a person",
        "Label by label",
        "Labels taken for others",
        "Confidence against truth",
        "What escalating brought",
        "The few labels that most tickets have",
        "Against the strong model alone",
        "What these figures are worth",
    ]


def test_the_file_loads_nothing_and_runs_nothing(simulated: object) -> None:
    html = as_html(done(crowd(400)))

    assert "<script" not in html
    assert re.findall(r"(?:src|href)=|url\(|@import|https?://", html) == []
    assert "<input" not in html
    assert html.count("<svg") >= 2


def test_the_page_has_a_slider_and_a_table_that_says_the_same_without_it(
    as_bob: Client, simulated: object
) -> None:
    evaluation = done(crowd(400))

    html = page_of(evaluation, as_bob)

    sweep = sweep_of(evaluation)
    assert re.search(rf'type="range"[^>]+max="{len(sweep) - 1}"', html)
    assert html.count("data-stop=") == len(sweep)
    assert "<script>" not in html.split('class="results"')[1].split("thresholds.js")[0]


def test_a_cell_of_the_matrix_leads_to_its_tickets(as_bob: Client, simulated: object) -> None:
    cases = [case(1, "refund", said("login"))]
    evaluation = done(cases)

    html = page_of(evaluation, as_bob)

    address = reverse("admin:evaluation-tickets", args=[evaluation.pk])
    assert f"{address}?configuration=0&amp;truth=refund&amp;chosen=login" in html
    assert "?configuration=" not in as_html(evaluation)


@pytest.mark.parametrize("is_simulated", [True, False])
def test_simulated_figures_say_so_wherever_they_stand(
    is_simulated: bool, simulated: object
) -> None:
    html = as_html(done(crowd(40), is_simulated=is_simulated))

    assert ("These are simulated figures" in html) is is_simulated
    assert ("Simulated: On 40 labelled tickets" in html) is is_simulated


def test_names_of_labels_are_shown_and_never_run(simulated: object) -> None:
    labels = dict(LABELS) | {"refund": label("refund", name="<img src=x onerror=alert(1)>")}

    html = as_html(done([case(1, "refund", said("refund"))], labels=labels))

    assert "<img" not in html
    assert "&lt;img src=x" in html


def test_two_configurations_stand_side_by_side_with_what_tells_them_apart(
    as_bob: Client, simulated: object
) -> None:
    evaluation = done(crowd(200), crowd(200, wrong=0.3, seed=2))

    html = page_of(evaluation, as_bob)

    assert "Side by side" in titles(html)
    assert escape((evaluation.results or {})["compared"]["sentence"]) in html
    assert html.count('class="results-chapter"') == 2
    ids = re.findall(r' id="([^"]+)"', html.split('class="results"')[1])
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param([], id="no ticket"),
        pytest.param([case(1, first=said("refund"))], id="one ticket"),
        pytest.param([case(1, escalation="no usable answer")], id="no usable answer"),
        pytest.param(
            [case(n, first=said("refund", 1.0, cost=0), part=part) for n, part in enumerate(Part)],
            id="one class, no cost",
        ),
    ],
)
def test_too_little_is_shown_in_words(cases: list[Case], as_bob: Client, simulated: object) -> None:
    evaluation = done(cases)

    page, file = page_of(evaluation, as_bob), as_html(evaluation)

    assert "Nothing is proven" in page
    assert "Nothing is proven" in file
    assert "nan" not in file.lower().split("<main>")[1]


def test_of_many_labels_the_matrix_shows_the_most_confused(simulated: object) -> None:
    names = [f"label-{n:02}" for n in range(20)]
    cases = [case(n, name, said(name)) for n, name in enumerate(names)]
    cases += [case(n, names[19], said(names[18])) for n in range(20, 30)]

    html = as_html(done(cases, labels={name: label(name) for name in names}))

    matrix = html.split('class="pages-table results-matrix"')[1].split("</table>")[0]
    assert matrix.count('scope="row"') == 15
    assert "Label-19" in matrix
    assert "The 15 labels of 20 that are confused most." in html


def test_what_has_no_results_has_no_report(simulated: object) -> None:
    with pytest.raises(InvalidInput, match="no results yet"):
        as_html(an_evaluation())


def test_pages_of_results_do_not_load_what_fits_curves() -> None:
    """scikit-learn takes 136 MB: a web process that only shows stored figures has no use for it."""
    graph = grimp.build_graph("triage")

    for package in (
        "triage.services.evaluation.reporting",
        "triage.templatetags.evaluation_results",
    ):
        found = graph.find_upstream_modules(package, as_package="reporting" in package)
        assert "triage.services.statistics.calibrating" not in found


def test_the_results_speak_by_the_calibrators_that_triage_would_get(simulated: object) -> None:
    evaluation = an_evaluation()
    EvaluationTicket.objects.bulk_create(
        EvaluationTicket(
            evaluation=evaluation,
            number=n,
            description=f"Ticket {n}",
            label=LABELS_HERE[n % 2],
            part=PARTS[n % 3],
        )
        for n in range(1, 301)
    )
    EvaluationAnswer.objects.bulk_create(
        answer for ticket in evaluation.tickets.all() for answer in answers_to(ticket)
    )
    cases = cases_of(evaluation, configuration=0)

    told = results.compute(
        cases,
        None,
        configurations=[in_force()],
        labels=taxonomy.current().labels,
        promise=Promise(0.05, 0.05),
    )

    versions = told["configurations"][0]["calibration"]["versions"]
    evaluation.results, evaluation.finished_at = told, timezone.now()
    evaluation.state = EvaluationState.DONE
    evaluation.save()
    assert set(versions) == {Stage.FIRST.value, Stage.STRONG.value}
    for stage, version in versions.items():
        fitted = fit_from(evaluation, by=evaluation.by, stage=Stage(stage))
        assert fitted.version == version


def answers_to(ticket: EvaluationTicket) -> Iterator[EvaluationAnswer]:
    """The first model's, unsure of every second ticket, and then the strong one's; both are wrong now and then."""
    first, second = LABELS_HERE if ticket.label == LABELS_HERE[0] else LABELS_HERE[::-1]
    number = ticket.number
    is_sure = number % 4 < 2
    yield built(
        ticket,
        Stage.FIRST,
        second if number % (17 if is_sure else 5) == 0 else first,
        (0.9 if is_sure else 0.6) + number % 7 / 100,
        runner_up=second if number % 2 else "",
        runner_up_confidence=0.05 + number % 3 / 50 if number % 2 else None,
    )
    if not is_sure:
        yield built(
            ticket, Stage.STRONG, second if number % 13 == 0 else first, 0.8 + number % 11 / 100
        )


def built(
    ticket: EvaluationTicket, stage: Stage, label: str, confidence: float, **fields: Any
) -> EvaluationAnswer:
    return EvaluationAnswer(
        ticket=ticket,
        configuration=0,
        stage=stage,
        state=AnswerState.ANSWERED,
        label=label,
        confidence=confidence,
        **fields,
    )
