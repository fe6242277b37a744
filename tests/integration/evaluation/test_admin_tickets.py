"""The tickets behind a figure: what each configuration said to them, and what is known."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.integration.evaluation.admin_rows import (
    a_done,
    a_ticket,
    an_answer,
    an_evaluation,
    group,
    recommendation,
    results,
)
from tests.integration.evaluation.test_admin_pages import address, words
from tests.integration.web_cases import add_labels, add_ticket
from triage.models import AnswerState, EvaluationState, Label, Stage
from triage.services.evaluation.configurations import in_force, to_json

pytestmark = pytest.mark.usefixtures("labels")


@pytest.fixture
def labels(db: None) -> dict[str, Label]:
    return add_labels()


def test_a_cell_of_the_confusion_matrix_leads_to_its_tickets(as_bob: Client) -> None:
    evaluation = a_done(group("easy", "account-login"))
    ticket = add_ticket("Locked out")
    wrong = a_ticket(evaluation, 2, description="The door is shut.", ticket=ticket)
    an_answer(wrong, label="delivery-late", confidence=0.6)
    an_answer(wrong, stage=Stage.STRONG, label="billing-wrong-charge", confidence=0.9)

    cell = f"{address('-tickets', evaluation)}?truth=account-login&chosen=billing-wrong-charge"
    html = words(as_bob, cell)

    assert "The door is shut." in html
    assert "I cannot log in." not in html
    assert "delivery-late (0.60), escalated: confidence 0.60 is below 0.85" in html
    assert "then billing-wrong-charge (0.90)" in html
    assert f'href="{reverse("admin:triage_ticket_change", args=[ticket.pk])}"' in html


def test_tickets_without_a_usable_answer_have_a_cell_of_their_own(as_bob: Client) -> None:
    evaluation = a_done(group("easy", "account-login"))
    lost = a_ticket(evaluation, 2, description="Nobody could say.")
    for stage in (Stage.FIRST, Stage.STRONG):
        an_answer(lost, stage=stage, state=AnswerState.FAILED, label="", problem="it was cut")

    html = words(as_bob, f"{address('-tickets', evaluation)}?truth=account-login&chosen=")

    assert "Nobody could say." in html
    assert "no usable answer (it was cut)" in html
    assert "I cannot log in." not in html


@pytest.mark.parametrize(
    "query", ["", "?configuration=7", "?configuration=x&page=x", "?truth=%00x"]
)
def test_nonsense_in_the_address_of_tickets_shows_what_it_can(query: str, as_bob: Client) -> None:
    evaluation = a_done(group("easy", "account-login"))

    assert as_bob.get(f"{address('-tickets', evaluation)}{query}").status_code == 200


def test_both_configurations_answers_stand_beside_each_other(as_bob: Client) -> None:
    asked = [to_json(in_force("A")), to_json(in_force("B", apply=0.5))]
    told = results(recommendation(), recommendation())
    evaluation = an_evaluation(
        configurations=asked, state=EvaluationState.DONE, results=told, finished_at=timezone.now()
    )
    ticket = a_ticket(evaluation)
    an_answer(ticket)
    an_answer(ticket, configuration=1, label="delivery-late", confidence=0.9)

    html = words(as_bob, f"{address('-tickets', evaluation)}?configuration=1&chosen=delivery-late")

    assert "account-login (0.97); $0.00005; right" in html
    assert "delivery-late (0.90); $0.00005; wrong" in html
