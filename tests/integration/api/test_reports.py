"""GET /reports and /reports/{name}: the tables of the admin pages, for those who may see everybody's usage."""

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.models.tokens import Scope
from tests.integration.admin_cases import HAIKU, NOON, SONNET, add_attempt, add_call
from tests.integration.api.client import Api, api_as, fault_fields
from tests.integration.cost_cases import of_team
from tests.integration.web_cases import add_labels, add_ticket
from triage.models import Feature
from triage.selectors.reports import REPORTS
from triage.services import rollups

NOVEMBER = {"since": "2026-11-01", "until": "2026-11-30"}


def test_the_list_names_every_report_with_its_filters(admin_api: Api) -> None:
    listed = {report["name"]: report for report in admin_api.get("/reports").json()["data"]}

    assert listed.keys() == REPORTS.keys()
    assert listed["costs-by-day"]["filters"] == ["feature", "model", "team_id"]
    assert listed["costs-by-ticket"]["filters"] == []
    assert listed["costs-by-day"]["about"] == "What each UTC day cost, by feature."


def test_every_report_of_the_list_can_be_read(admin_api: Api) -> None:
    add_attempt(add_call(), 142_301)
    rollups.refresh()

    answers = {name: admin_api.get(f"/reports/{name}", **NOVEMBER) for name in REPORTS}

    assert {answer.status_code for answer in answers.values()} == {200}
    for name, answer in answers.items():
        said = answer.json()
        keys = [column["name"] for column in said["columns"]]
        assert said["report"] == name
        assert all([*row] == keys for row in said["data"])


def test_money_is_a_string_of_dollars_and_days_are_iso(admin_api: Api) -> None:
    add_attempt(add_call(), 142_301)
    add_attempt(add_call(Feature.DRAFT), 9_007_199_254_740_993, at=NOON + timedelta(days=1))
    rollups.refresh()

    said = admin_api.get("/reports/costs-by-day", feature="classify", **NOVEMBER).json()

    assert (said["since"], said["until"]) == ("2026-11-01", "2026-11-30")
    assert said["columns"] == [
        {"name": "day", "kind": "day"},
        {"name": "classify_usd", "kind": "money"},
        {"name": "total_usd", "kind": "money"},
    ]
    row = {"day": "2026-11-10", "classify_usd": "0.000142301", "total_usd": "0.000142301"}
    assert said["data"] == [row]
    assert said["total"] == row | {"day": None}
    assert said["as_of"].endswith("Z")


def test_a_report_is_narrowed_as_the_page_is(admin_api: Api) -> None:
    labels = add_labels()
    ticket = of_team(add_ticket(), labels["billing-wrong-charge"].team)
    add_attempt(add_call(about_id=str(ticket.pk)), 1)
    add_attempt(add_call(), 20, model=SONNET)
    rollups.refresh()

    def cost(**narrowed: object) -> str:
        found = admin_api.get("/reports/costs-by-model", **NOVEMBER, **narrowed).json()
        total: str = found["total"]["cost_usd"]
        return total

    assert cost() == "0.000000021"
    assert cost(model=HAIKU) == "0.000000001"
    assert cost(team_id=ticket.team_id) == "0.000000001"
    assert cost(team_id=0, feature="classify") == "0.000000020"


def test_before_anything_was_added_up_a_report_is_empty(admin_api: Api) -> None:
    said = admin_api.get("/reports/costs-by-user").json()

    assert (said["data"], said["total"], said["as_of"]) == ([], None, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "since"),
        ({"since": "2025-01-01", "until": "2026-11-01"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"feature": "poetry"}, "feature"),
        ({"model": "gpt"}, "model"),
        ({"team_id": "99"}, "team_id"),
        ({"team_id": "-1"}, "team_id"),
        ({"team_id": "9" * 30}, "team_id"),
        ({"team": "1"}, "team"),
        ({"feature": ""}, "feature"),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(
    admin_api: Api, query: dict[str, str], field: str
) -> None:
    assert fault_fields(admin_api.get("/reports/costs-by-model", **query)) == [field]


def test_a_filter_that_a_report_does_not_have_is_refused(admin_api: Api) -> None:
    answer = admin_api.get("/reports/costs-by-ticket", feature="draft")

    assert fault_fields(answer) == ["feature"]
    assert "cannot be narrowed by it" in answer.json()["error"]["message"]


def test_an_unknown_report_is_not_found(admin_api: Api) -> None:
    assert admin_api.get("/reports/poetry").status_code == 404


def test_who_may_not_see_everything_is_told_why(bob: User, alice: User) -> None:
    usage_alone = api_as(bob, scopes=[Scope.USAGE_READ])
    admin_alone = api_as(bob, scopes=[Scope.ADMIN])
    agent = api_as(alice, scopes=[Scope.USAGE_READ])

    answers = [api.get("/reports/costs-by-day") for api in (usage_alone, admin_alone, agent)]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert [answer.json()["error"]["message"] for answer in answers] == [
        "This shows everybody's usage: it needs the scope admin too.",
        "This needs the scope usage:read.",
        "This shows everybody's usage: it needs the scope admin too.",
    ]
