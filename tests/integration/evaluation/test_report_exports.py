"""An evaluation's figures as JSON and its tickets as CSV."""

import csv
import json
from io import StringIO

import pytest

from tests.integration.evaluation.admin_rows import (
    a_done,
    a_ticket,
    an_answer,
    an_evaluation,
    group,
)
from triage.models import AnswerState, Evaluation, Part, Stage
from triage.services.evaluation.configurations import in_force, to_json
from triage.services.evaluation.reporting import as_json, csv_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated")]


def table(evaluation: Evaluation) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO("".join(csv_rows(evaluation)), newline="")))


def test_the_figures_as_json_are_those_that_are_stored() -> None:
    evaluation = a_done(group("easy", "refund"), name="Grüße")

    told = json.loads(as_json(evaluation))

    assert told["results"] == evaluation.results
    assert told["evaluation"]["name"] == "Grüße"
    assert told["evaluation"]["configurations"] == evaluation.configurations
    assert told["evaluation"]["finished_at"].endswith("+00:00")


def test_one_that_is_not_done_has_no_results() -> None:
    assert json.loads(as_json(an_evaluation()))["results"] is None


def test_a_ticket_is_a_row_with_what_each_stage_said() -> None:
    evaluation = an_evaluation()
    ticket = a_ticket(evaluation, label="refund", description="Money, please", part=Part.CHOOSE)
    an_answer(ticket, label="login", confidence=0.4)
    an_answer(ticket, stage=Stage.STRONG, label="refund", confidence=0.9, cost_nanousd=900_000)

    (row,) = table(evaluation)

    assert row == {
        "number": "1",
        "text": "Money, please",
        "known_label": "refund",
        "part": "choose",
        "is_simulated": "yes",
        "a_first_label": "login",
        "a_first_confidence": "0.4",
        "a_first_calibrated": "",
        "a_strong_label": "refund",
        "a_strong_confidence": "0.9",
        "a_strong_calibrated": "",
        "a_label": "refund",
        "a_stage": "escalate",
        "a_right": "yes",
        "a_cost_usd": "0.000950000",
    }


def test_two_configurations_have_columns_of_their_own() -> None:
    evaluation = an_evaluation(configurations=[to_json(in_force("A")), to_json(in_force("B"))])
    ticket = a_ticket(evaluation, label="refund")
    an_answer(ticket, label="refund")
    an_answer(ticket, configuration=1, label="login")

    (row,) = table(evaluation)

    assert (row["a_right"], row["b_right"]) == ("yes", "no")


def test_no_usable_answer_leaves_its_cells_empty() -> None:
    evaluation = an_evaluation()
    ticket = a_ticket(evaluation, label="refund")
    for stage in (Stage.FIRST, Stage.STRONG):
        an_answer(ticket, stage=stage, state=AnswerState.FAILED, label="", confidence=None)

    (row,) = table(evaluation)

    assert (row["a_first_label"], row["a_label"], row["a_stage"]) == ("", "", "none")
    assert row["a_right"] == "no"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    evaluation = an_evaluation()
    ticket = a_ticket(evaluation, label="refund", description=f"{start}SUM(A1)")
    an_answer(ticket)

    (row,) = table(evaluation)

    assert row["text"] == f"'{start}SUM(A1)"


def test_commas_quotes_and_lines_of_a_text_survive() -> None:
    evaluation = an_evaluation()
    ticket = a_ticket(evaluation, label="refund", description='One, "two"\nthree')
    an_answer(ticket)

    (row,) = table(evaluation)

    assert row["text"] == 'One, "two"\nthree'
