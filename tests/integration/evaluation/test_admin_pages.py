"""The pages of evaluations: from the list over the quote and the progress to the tickets behind a figure."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.integration.evaluation.admin_rows import (
    a_done,
    a_ticket,
    an_answer,
    an_evaluation,
    group,
)
from tests.integration.web_cases import add_labels, add_ticket, decide
from triage.admin import evaluation_forms
from triage.exceptions import NoTaxonomy
from triage.models import (
    AnswerState,
    Evaluation,
    EvaluationState,
    Field,
    Label,
    Ticket,
)
from triage.services import taxonomy
from triage.services.evaluation.configurations import in_force, to_json

LIST = "/admin/evaluations/"
NEW = "/admin/evaluations/new/"
CSV = b"description,label\nI cannot log in,account-login\nWhere is it,delivery-late\nCharged twice,billing-wrong-charge\n"
FORM: dict[str, Any] = {"source": "file", "limit": "1000", "way": "batch"}

pytestmark = pytest.mark.usefixtures("labels")


@pytest.fixture
def labels(db: None) -> dict[str, Label]:
    return add_labels()


def address(name: str, evaluation: Evaluation) -> str:
    return reverse(f"admin:evaluation{name}", args=[evaluation.pk])


def words(client: Client, where: str) -> str:
    response = client.get(where)
    assert response.status_code == 200, where
    return " ".join(response.text.split())


def a_file(content: bytes = CSV, name: str = "labelled.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def nothing_published() -> None:
    raise NoTaxonomy("No labels are published yet.")


def propose(client: Client, **fields: Any) -> Any:
    return client.post(NEW, {**FORM, "file": a_file(), **fields})


def state_of(evaluation: Evaluation) -> str:
    evaluation.refresh_from_db()
    return evaluation.state


def test_without_an_evaluation_it_says_what_one_is_and_costs(as_bob: Client) -> None:
    html = words(as_bob, LIST)

    assert "Nothing was evaluated yet" in html
    assert "The quote comes first, and costs nothing." in html


def test_the_list_names_accuracy_cost_and_state(as_bob: Client) -> None:
    a_done(group("easy", "account-login"), name="In force, August")
    an_evaluation(name="Waiting")

    html = words(as_bob, LIST)

    assert "91.7 % (89.7 to 93.5 %)" in html  # 745 of 812
    assert "$0.00005" in html  # one answer of 50,000 nano-dollars
    assert "Quoted, not started" in html
    assert "simulated figures" in html


def test_before_the_first_taxonomy_there_is_nothing_to_ask(
    as_bob: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr(taxonomy, "current", nothing_published)

    assert "Nothing is published yet" in words(as_bob, NEW)
    assert propose(as_bob).status_code == 302
    assert not Evaluation.objects.exists()


def test_the_list_has_pages_and_shrugs_at_nonsense(as_bob: Client) -> None:
    for number in range(26):
        an_evaluation(name=f"Number {number}")

    assert "Page 1 of 2" in words(as_bob, f"{LIST}?page=x")
    assert "Page 2 of 2" in words(as_bob, f"{LIST}?page=99999999999999999999")


def test_the_sidebar_leads_to_evaluations_and_to_the_gate(as_bob: Client) -> None:
    html = as_bob.get("/admin/").text

    assert f'href="{LIST}"' in html
    assert 'href="/admin/taxonomy/gate/"' in html


def test_the_form_says_how_many_tickets_there_are_and_what_is_in_force(
    as_bob: Client, bob: User
) -> None:
    run = decide(add_ticket())
    run.fields.filter(field=Field.LABEL).update(
        corrected_to="account-login", corrected_by=bob, corrected_at=timezone.now()
    )
    Ticket.objects.update(triage=run)

    html = words(as_bob, NEW)

    assert "there are 1: a person confirmed or corrected triage" in html
    assert "there are 1: no random sample" in html
    assert "Haiku 5.5" in html


def test_a_file_becomes_a_quote_that_has_asked_nothing(as_bob: Client, bob: User) -> None:
    response = propose(as_bob, name="August")

    evaluation = Evaluation.objects.get()
    assert response.headers["Location"] == address("", evaluation)
    assert (evaluation.state, evaluation.by) == (EvaluationState.QUOTED, bob)
    assert (evaluation.name, evaluation.source_name) == ("August", "labelled.csv")
    assert evaluation.tickets.exclude(part="").count() == 3
    html = words(as_bob, address("", evaluation))
    assert "3 tickets count, of 3 labels" in html
    assert "Start, for at most $" in html
    assert "too few to say much" in html


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"file": ""}, "Choose a file."),
        ({"file": a_file(b"")}, "empty"),
        ({"file": a_file(b"subject\nhello\n")}, "see below"),
        ({"limit": "0"}, "greater than or equal to 1"),
        ({"limit": "x"}, "whole number"),
        ({"source": "moon"}, "valid choice"),
        ({"way": ""}, "required"),
        ({"budget_usd": "-1"}, "greater than or equal to 0"),
        ({"budget_usd": "0"}, "must be above 0"),
        ({"has_b": "on"}, "B is the same as A."),
        ({"has_b": "on", "b_apply": "1.5"}, "less than or equal to 1"),
        ({"has_b": "on", "b_first_model": "gpt-4"}, "valid choice"),
        ({"has_b": "on", "b_tickets_a_call": "21"}, "less than or equal to 20"),
        ({"source": "confirmed"}, "no label has been confirmed yet"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    fields: dict[str, Any], said: str, as_bob: Client
) -> None:
    response = propose(as_bob, **fields)

    assert response.status_code == 200
    assert said.casefold() in response.text.casefold()
    assert not Evaluation.objects.exists()


def test_b_is_as_a_but_for_what_is_filled_in(as_bob: Client) -> None:
    propose(as_bob, has_b="on", b_apply="0.7", b_suggest="0.5", asks_strong_always="on")

    first, second = Evaluation.objects.get().configurations
    assert first == to_json(in_force("A", asks_strong_always=True))
    assert second == to_json(in_force("B", asks_strong_always=True, apply=0.7))


def test_a_budget_that_may_end_it_is_named_in_the_quote(as_bob: Client) -> None:
    propose(as_bob, budget_usd="0.0001")
    propose(as_bob)
    short, enough = Evaluation.objects.order_by("pk")

    assert "no figures come out until you go on with more" in words(as_bob, address("", short))
    assert "no figures come out" not in words(as_bob, address("", enough))


def test_an_own_budget_is_the_most_that_is_spent(as_bob: Client) -> None:
    propose(as_bob, budget_usd="0.0001")

    evaluation = Evaluation.objects.get()
    assert evaluation.budget_nanousd == 100_000
    assert "Start, for at most $0.0001" in words(as_bob, address("", evaluation))


def test_a_file_that_is_too_large_for_a_page_is_sent_to_the_command(
    as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_forms, "FILE_BYTES", 10)

    response = propose(as_bob)

    assert "python manage.py evaluate" in response.text
    assert not Evaluation.objects.exists()


def test_the_quote_names_findings_tokens_money_and_time(as_bob: Client) -> None:
    finding = {
        "code": "unknown_label",
        "words": "4 tickets have a label that is not in the taxonomy.",
        "tickets": 4,
        "numbers": [3, 9],
    }
    evaluation = an_evaluation(findings=[finding])
    a_ticket(evaluation)

    html = words(as_bob, address("", evaluation))

    assert "4 tickets have a label that is not in the taxonomy." in html
    assert "Tickets 3, 9, …" in html
    assert "1,600,000" in html
    assert "As a batch run about $0.0400, 1 to 2 hours" in html
    assert "as a live run about $0.0800" in html
    assert "It never costs more than $0.2500" in html


def test_starting_twice_runs_once(as_bob: Client) -> None:
    evaluation = an_evaluation()

    for _ in range(2):
        as_bob.post(address("-start", evaluation))
        assert state_of(evaluation) == EvaluationState.RUNNING
    started_at = evaluation.started_at
    as_bob.post(address("-start", evaluation))

    evaluation.refresh_from_db()
    assert evaluation.started_at == started_at


@pytest.mark.parametrize("action", ["-start", "-resume"])
def test_looking_starts_nothing(action: str, as_bob: Client) -> None:
    evaluation = an_evaluation()

    assert as_bob.get(address(action, evaluation)).status_code == 405
    assert state_of(evaluation) == EvaluationState.QUOTED


def test_a_quote_is_discarded_after_a_question_and_only_a_quote(as_bob: Client) -> None:
    quoted = an_evaluation()
    running = an_evaluation(state=EvaluationState.RUNNING)

    asked = words(as_bob, address("-discard", quoted))
    for each in (quoted, running):
        response = as_bob.post(address("-discard", each), follow=True)

    assert "Nothing was asked, so nothing is lost" in asked
    assert list(Evaluation.objects.all()) == [running]
    assert "was started, so it is kept" in response.text


def test_a_running_one_shows_how_far_it_is_and_looks_again(as_bob: Client) -> None:
    evaluation = an_evaluation(state=EvaluationState.RUNNING)
    an_answer(a_ticket(evaluation))
    an_answer(a_ticket(evaluation, 2), state=AnswerState.ASKED, label="", confidence=None)

    html = words(as_bob, address("", evaluation))
    part = words(as_bob, f"{address('', evaluation)}?part=progress")

    assert 'hx-get="?part=progress"' in html
    assert "1 of 2 answers" in html
    assert "1 of 2 answers" in part
    assert "<html" not in part


def test_the_page_is_loaded_again_once_it_has_ended(as_bob: Client) -> None:
    evaluation = an_evaluation(state=EvaluationState.CANCELLED)

    response = as_bob.get(f"{address('', evaluation)}?part=progress")

    assert response.headers["HX-Refresh"] == "true"


def test_cancelling_asks_first_and_going_on_needs_no_new_quote(as_bob: Client) -> None:
    evaluation = an_evaluation(state=EvaluationState.RUNNING)

    asked = words(as_bob, address("-cancel", evaluation))
    as_bob.post(address("-cancel", evaluation))
    cancelled = words(as_bob, address("", evaluation))
    as_bob.post(address("-resume", evaluation), {"budget_usd": "0.25"})

    assert "What was answered stays" in asked
    assert "Cancelled by Bob." in cancelled
    assert "No figures are shown of a part of the tickets." in cancelled
    assert state_of(evaluation) == EvaluationState.RUNNING


def test_one_whose_budget_is_used_up_goes_on_with_more_only(as_bob: Client) -> None:
    error = "the quoted budget is used up"
    evaluation = an_evaluation(state=EvaluationState.CANCELLED, error=error)

    page = words(as_bob, address("", evaluation))
    refused = as_bob.post(address("-resume", evaluation), {"budget_usd": "0.25"}, follow=True)
    before = state_of(evaluation)
    as_bob.post(address("-resume", evaluation), {"budget_usd": "0.3"})

    assert "The quoted budget is used up." in page
    assert 'value="0.50"' in page  # twice the $0.25 of before
    assert "name a higher one" in refused.text
    assert before == EvaluationState.CANCELLED
    assert state_of(evaluation) == EvaluationState.RUNNING
    assert evaluation.budget_nanousd == 300_000_000


@pytest.mark.parametrize("budget", ["", "x", "-1", "1e99"])
def test_a_budget_that_is_none_is_refused_in_words(budget: str, as_bob: Client) -> None:
    evaluation = an_evaluation(state=EvaluationState.CANCELLED)

    response = as_bob.post(address("-resume", evaluation), {"budget_usd": budget}, follow=True)

    assert "It does not run. Budget:" in response.text
    assert state_of(evaluation) == EvaluationState.CANCELLED


def test_a_failed_one_says_why(as_bob: Client) -> None:
    evaluation = an_evaluation(state=EvaluationState.FAILED, error="every answer was refused")

    assert "It failed: every answer was refused." in words(as_bob, address("", evaluation))


def test_two_can_be_compared_by_what_is_stored(as_bob: Client) -> None:
    first = a_done(group("easy", "account-login"), name="August")
    second = a_done(group("easy", "account-login"), name="September")

    html = words(as_bob, f"{LIST}compare/?a={first.pk}&b={second.pk}")

    assert "August</a>, A (simulated)" in html
    assert "September</a>, A (simulated)" in html
    assert html.count("91.7 % (89.7 to 93.5 %)") == 2
    assert "where the intervals overlap, nothing is told" in html


@pytest.mark.parametrize("query", ["", "?a=x&b=9", "?a=99999999999999999999", "?b=-1", "?a=0"])
def test_comparing_nonsense_compares_nothing(query: str, as_bob: Client) -> None:
    assert "Side by side" not in words(as_bob, f"{LIST}compare/{query}")


@pytest.mark.parametrize("name", ["", "-start", "-cancel", "-resume", "-discard", "-tickets"])
def test_what_is_not_there_is_not_found(name: str, as_bob: Client) -> None:
    where = reverse(f"admin:evaluation{name}", args=[987_654])
    send = as_bob.post if name in ("-start", "-resume") else as_bob.get

    assert send(where).status_code == 404


@pytest.mark.parametrize("where", [LIST, NEW, f"{LIST}compare/", "/admin/taxonomy/gate/"])
def test_agents_are_kept_out(where: str, as_alice: Client) -> None:
    assert as_alice.get(where, follow=True).status_code == 403


def test_an_agent_starts_nothing(as_alice: Client) -> None:
    evaluation = an_evaluation()

    as_alice.post(address("-start", evaluation))
    as_alice.post(NEW, {**FORM, "file": a_file()})

    assert state_of(evaluation) == EvaluationState.QUOTED
    assert Evaluation.objects.count() == 1
