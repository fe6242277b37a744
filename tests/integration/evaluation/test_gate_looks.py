"""The gate says which look at the same labels and models a proof is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.evaluation.admin_rows import (
    EASY,
    HARD,
    a_done,
    group,
    recommendation,
    results,
)
from tests.integration.web_cases import add_labels
from triage.models import EvaluationAnswer, EvaluationSource, Label
from triage.services import taxonomy
from triage.services.evaluation import gate, gate_looks
from triage.services.evaluation.configurations import in_force, to_json
from triage.services.evaluation.gate import Standing


@pytest.fixture
def label(db: None) -> Label:
    return add_labels()["account-login"]


def days_ago(days: float) -> dict[str, Any]:
    return {"finished_at": timezone.now() - timedelta(days=days)}


def number_of(label: Label) -> int:
    proof = gate.proof_for(label)
    assert proof
    return proof.number


def test_the_first_look_has_no_note(label: Label) -> None:
    a_done(EASY)

    proof = gate.proof_for(label)

    assert proof
    assert (proof.number, proof.note) == (1, "")
    assert proof.sentences == f"{proof.words}."


def test_the_fourth_look_says_that_its_confidence_is_that_of_one(label: Label, bob: User) -> None:
    for days in (80, 40, 1):
        a_done(HARD, group("easy", "account-login", threshold=None), **days_ago(days))
    evaluation = a_done(EASY)

    proof = gate.switch_on(label, evaluation=evaluation, by=bob)

    assert proof.number == 4
    assert proof.note == (
        "the 4th look at these labels and models in 90 days: the 95 % is a promise of one"
    )
    assert proof.sentences.endswith(f"judged tickets. It is {proof.note}.")
    assert {row.standing for row in gate.review() if row.label == label} == {Standing.PROVEN}


def test_an_older_proof_counts_the_looks_before_it_alone(label: Label, bob: User) -> None:
    a_done(EASY, **days_ago(100))
    a_done(EASY, **days_ago(60))
    proving = a_done(EASY, **days_ago(20))
    a_done(HARD, **days_ago(1))

    proof = gate.switch_on(label, evaluation=proving, by=bob)

    assert proof.number == 3  # 100 days ago is 80 days before it


@pytest.mark.parametrize(
    "other",
    [
        days_ago(91),
        {"source": EvaluationSource.FILE},
        {"results": results(recommendation(EASY), is_simulated=False)},
        {"state": "cancelled"},
        {"first_model": "claude-sonnet-5"},
        {"strong_model": ""},
    ],
)
def test_what_looked_at_something_else_or_long_ago_is_not_counted(
    other: dict[str, Any], label: Label
) -> None:
    models = {key: other[key] for key in other if key.endswith("_model")}
    fields = {key: other[key] for key in other if key not in models}
    asked = [to_json(replace(in_force(), **models))]
    a_done(EASY, **{"configurations": asked, **days_ago(5), **fields})

    a_done(EASY)

    assert number_of(label) == 1


def test_labels_that_claude_reads_otherwise_are_looked_at_anew(label: Label, bob: User) -> None:
    a_done(EASY, **days_ago(5))
    Label.objects.filter(slug="delivery-late").update(description="Parcels.")
    taxonomy.publish(by=bob)
    a_done(EASY)

    assert number_of(label) == 1


def test_a_switch_of_the_gate_makes_no_labels_that_are_looked_at_anew(
    label: Label, bob: User
) -> None:
    gate.switch_on(label, evaluation=a_done(EASY, **days_ago(5)), by=bob)
    taxonomy.publish(by=bob)
    a_done(EASY)

    assert number_of(label) == 2


def test_each_configuration_looks(label: Label) -> None:
    both = [to_json(in_force("A", apply=0.5)), to_json(in_force("B"))]
    told = results(recommendation(HARD), recommendation(EASY))
    two = a_done(EASY, configurations=both, results=told, **days_ago(5))
    EvaluationAnswer.objects.filter(ticket__evaluation=two).update(configuration=1)
    second = number_of(label)
    a_done(EASY)

    assert (second, number_of(label)) == (2, 3)


def test_the_looks_are_counted_in_one_query(label: Label, django_assert_num_queries: Any) -> None:
    for days in range(1, 20):
        a_done(EASY, **days_ago(days))

    with django_assert_num_queries(1):
        looks = gate_looks.looks_until(timezone.now())

    assert len(looks.found) == 19


@pytest.mark.parametrize(
    ("number", "words"),
    [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")],
)
def test_numbers_are_said_as_people_say_them(number: int, words: str) -> None:
    assert gate_looks.ordinal(number) == words
