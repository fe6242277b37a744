"""Evaluations over the API: proposed with a price, started, read, cancelled, resumed; by admins alone."""

import pytest

from accounts.models import User
from accounts.models.tokens import Scope
from tests.integration.api.client import Api, api_as, fault_fields
from tests.integration.evaluation.cases import drive, rows
from tests.integration.evaluation.conftest import desk, own_clients, simulated
from triage.models import Evaluation, EvaluationState
from triage.simulator import RunningSimulator

__all__ = ["desk", "own_clients", "simulated"]


@pytest.fixture
def admin(simulated: RunningSimulator, bob: User) -> Api:
    return api_as(bob, scopes=[Scope.ADMIN])


def body(**changes: object) -> dict[str, object]:
    return {"source": "file", "tickets": rows(refund=4, login=3), "batch": False, **changes}


def test_from_a_proposal_to_its_results(admin: Api) -> None:
    proposed = admin.post("/evaluations", body(name="Seven"))
    assert proposed.status_code == 201
    said = proposed.json()
    assert (said["state"], said["name"], said["results"]) == ("quoted", "Seven", None)
    assert said["budget_usd"] == said["quote"]["most_usd"]
    assert proposed.headers["Location"] == f"/api/v1/evaluations/{said['id']}"

    started = admin.post(f"/evaluations/{said['id']}/start")
    drive(Evaluation.objects.get())
    done = admin.get(f"/evaluations/{said['id']}").json()

    assert started.json()["state"] == "running"
    assert (done["state"], done["simulated"]) == ("done", True)
    assert done["results"]["tickets"] == 7
    assert done["spent_usd"] > "0.0"
    assert done["progress"]["answered"] == done["progress"]["total"]
    (listed,) = admin.get("/evaluations").json()["data"]
    assert listed["sentence"] == done["sentence"]


def test_its_tickets_come_in_pages_with_what_was_said(admin: Api) -> None:
    evaluation_id = admin.post("/evaluations", body()).json()["id"]
    admin.post(f"/evaluations/{evaluation_id}/start")
    drive(Evaluation.objects.get())

    first = admin.get(f"/evaluations/{evaluation_id}/tickets", **{"page[size]": 4}).json()

    assert [each["number"] for each in first["data"]] == [1, 2, 3, 4]
    assert first["meta"]["has_more"]
    answer = first["data"][0]["answers"][0]
    assert (answer["stage"], answer["state"]) == ("classify", "answered")
    assert answer["cost_usd"].count(".") == 1


def test_two_ways_and_a_budget_are_taken_as_they_were_asked(admin: Api) -> None:
    asked = body(a={"apply": 0.9}, b={"strong_model": ""}, budget_usd="0.25", seed=7)

    said = admin.post("/evaluations", asked).json()

    one, two = said["configurations"]
    assert (one["apply"], two["apply"], two["strong_model"]) == (0.9, 0.9, "")
    assert (said["budget_usd"], said["seed"]) == ("0.250000000", 7)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": "nowhere"}, "source"),
        ({"tickets": []}, "tickets"),
        ({"source": "confirmed"}, "tickets"),
        ({"limit": 0}, "limit"),
        ({"budget_usd": "much"}, "budget_usd"),
        ({"budget_usd": "0"}, "budget_usd"),
        ({"a": {"apply": 2}}, "a.apply"),
        ({"a": {"first_model": "gpt"}}, "first_model"),
        ({"tickets": [{"description": "Hello there", "label": "nothing"}]}, "source"),
        ({"typo": 1}, "typo"),
    ],
)
def test_a_fault_names_its_field(admin: Api, changes: dict[str, object], field: str) -> None:
    assert fault_fields(admin.post("/evaluations", body(**changes))) == [field]
    assert not Evaluation.objects.exists()


def test_cancelled_and_resumed(admin: Api) -> None:
    evaluation_id = admin.post("/evaluations", body()).json()["id"]
    admin.post(f"/evaluations/{evaluation_id}/start")

    cancelled = admin.post(f"/evaluations/{evaluation_id}/cancel").json()
    again = admin.post(f"/evaluations/{evaluation_id}/start")
    resumed = admin.post(f"/evaluations/{evaluation_id}/resume", {"budget_usd": "3"}).json()

    assert (cancelled["state"], cancelled["error"]) == ("cancelled", "cancelled by Bob")
    assert again.status_code == 409
    assert (resumed["state"], resumed["budget_usd"]) == ("running", "3.000000000")
    assert Evaluation.objects.get().state == EvaluationState.RUNNING


def test_agents_and_tokens_without_the_scope_see_nothing(
    admin: Api, alice: User, bob: User
) -> None:
    assert api_as(bob, scopes=[Scope.TICKETS_READ]).get("/evaluations").status_code == 403
    assert api_as(alice, scopes=[Scope.TICKETS_READ]).get("/evaluations").status_code == 403
