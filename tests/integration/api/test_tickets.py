"""Tickets over the API: stored before the answer, one for a source and id, listed by keyset, changed field by field."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Team, User
from tests.integration.api.client import Api, fault_fields
from tests.integration.web_cases import add_labels, add_ticket
from triage.models import Event, EventKind, Ticket, Triage

BROKEN = {"description": "My order arrived broken."}


def test_a_created_ticket_is_answered_before_triage_runs(api: Api) -> None:
    answer = api.post("/tickets", {**BROKEN, "subject": "Refund", "tags": ["vip", "vip"]})

    ticket = Ticket.objects.get()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/tickets/{ticket.pk}"
    said = answer.json()
    assert (said["id"], said["subject"], said["tags"]) == (ticket.pk, "Refund", ["vip"])
    assert said["triage"]["state"] == "queued"
    assert api.get(f"/tickets/{ticket.pk}").json() == said
    assert Event.objects.get().kind == EventKind.TICKET_CREATED


def test_a_known_source_and_id_gives_the_old_ticket(api: Api) -> None:
    new = {**BROKEN, "source": "shop", "external_id": "1881"}
    first = api.post("/tickets", new)

    again = api.post("/tickets", {**new, "description": "Something else."})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Ticket.objects.count() == Triage.objects.count() == 1


def test_the_requester_is_known_by_the_address(api: Api) -> None:
    dana = {"name": "Dana", "email": "Dana@Example.com", "external_id": "c-7"}

    first = api.post("/tickets", {**BROKEN, "requester": dana}).json()
    second = api.post("/tickets", {**BROKEN, "requester": {"email": "dana@example.com"}}).json()

    assert first["requester"] == {
        "id": first["requester_id"],
        "name": "Dana",
        "email": "dana@example.com",
        "external_id": "c-7",
    }
    assert second["requester_id"] == first["requester_id"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["description"]),
        ({"description": ""}, ["description"]),
        ({"description": 7}, ["description"]),
        ({**BROKEN, "tags": ["a", 7]}, ["tags[1]"]),
        ({**BROKEN, "tags": "vip"}, ["tags"]),
        ({**BROKEN, "requester": 7}, ["requester"]),
        ({**BROKEN, "priority": "medium"}, ["priority"]),
        ({**BROKEN, "descripton": "x"}, ["descripton"]),
        ({**BROKEN, "requester": {"email": "nobody"}}, ["requester.email"]),
        ({**BROKEN, "requester": {"mail": "a@b.c"}}, ["requester.mail"]),
        ({**BROKEN, "tags": ["x" * 61]}, ["tags[0]"]),
        ({**BROKEN, "channel": "import"}, ["channel"]),
        ({**BROKEN, "external_id": "x" * 201}, ["external_id"]),
        ({**BROKEN, "subject": "a\0b"}, ["subject"]),
        ({**BROKEN, "custom_fields": {"a": [1, "\ud800"]}}, ["custom_fields.a[1]"]),
        ({**BROKEN, "custom_fields": {"n": 10**400}}, ["custom_fields.n"]),
    ],
)
def test_an_unusable_field_is_named_and_nothing_is_stored(
    api: Api, body: dict[str, object], fields: list[str]
) -> None:
    answer = api.post("/tickets", body)

    assert fault_fields(answer) == fields
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("[]", 400), ('"x"', 400), ('{"description": NaN}', 400), ("[" * 100_000, 400)],
)
def test_a_body_that_is_no_json_object_is_a_400(api: Api, body: str, status: int) -> None:
    answer = api.send("post", "/tickets", body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "bad_json")


def test_a_list_is_walked_without_gap_or_double_while_tickets_change(api: Api) -> None:
    same = timezone.now()
    ids = [add_ticket().pk for _ in range(5)]
    Ticket.objects.update(updated_at=same)

    first = api.get("/tickets", **{"page[size]": 2}).json()
    Ticket.objects.filter(pk=ids[0]).update(updated_at=same + timedelta(seconds=1))
    cursor = first["meta"]["after_cursor"]
    second = api.get("/tickets", **{"page[size]": 2, "page[after]": cursor}).json()
    third = api.client.get(
        second["links"]["next"], headers={"Authorization": f"Bearer {api.secret}"}
    ).json()

    seen = [row["id"] for page in (first, second, third) for row in page["data"]]
    assert seen == [*ids, ids[0]]
    assert [page["meta"]["has_more"] for page in (first, second, third)] == [True, True, False]
    assert third["links"]["next"] is None


def test_the_last_cursor_brings_what_changes_later(api: Api) -> None:
    add_ticket()
    cursor = api.get("/tickets").json()["meta"]["after_cursor"]
    assert api.get("/tickets", **{"page[after]": cursor}).json()["data"] == []

    later = add_ticket()

    again = api.get("/tickets", **{"page[after]": cursor}).json()
    assert [row["id"] for row in again["data"]] == [later.pk]


def test_the_list_is_narrowed_by_each_filter(api: Api, alice: User) -> None:
    add_labels()
    team = Team.objects.create(slug="money", name="Money")
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    body = {
        **BROKEN,
        "source": "shop",
        "external_id": "1",
        "tags": ["vip"],
        "priority": "high",
        "requester": {"email": "dana@example.com"},
    }
    wanted = api.post("/tickets", body).json()["id"]
    api.patch(
        f"/tickets/{wanted}",
        {"assignee_id": alice.pk, "team_id": team.pk, "status": "open", "subject": "Fragile vase"},
    )
    other = add_ticket()
    Ticket.objects.filter(pk=other.pk).update(
        updated_at=moment - timedelta(days=1), channel="form", needs_review=True
    )

    filters = {
        "status": "open",
        "priority": "high",
        "channel": "api",
        "team_id": team.pk,
        "assignee_id": alice.pk,
        "requester_email": "DANA@example.com",
        "source": "shop",
        "external_id": "1",
        "tag": "vip",
        "needs_review": "false",
        "updated_since": moment.isoformat(),
        "q": "vases OR vase",
    }
    for name, value in filters.items():
        found = api.get("/tickets", **{name: value}).json()["data"]
        assert [row["id"] for row in found] == [wanted], name
    assert api.get("/tickets", q="nothing of that").json()["data"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statsu", "open"),
        ("status", "opened"),
        ("team_id", "x"),
        ("team_id", str(2**70)),
        ("needs_review", "yes"),
        ("updated_since", "yesterday"),
        ("updated_since", "0001-01-01T00:00:00+14:00"),
        ("page[size]", "0"),
        ("page[size]", "101"),
        ("page[after]", "rubbish"),
        ("page[after]", "WzEsMl0"),
        ("sort", "id"),
        ("q", "a\0b"),
    ],
)
def test_a_parameter_that_is_unknown_or_unusable_is_named(api: Api, name: str, value: str) -> None:
    assert fault_fields(api.get("/tickets", **{name: value})) == [name]


def test_a_change_sets_what_it_names_and_tells_of_it(api: Api, alice: User) -> None:
    ticket = add_ticket()

    said = api.patch(
        f"/tickets/{ticket.pk}", {"status": "solved", "assignee_id": alice.pk, "priority": "low"}
    ).json()

    assert (said["status"], said["assignee_id"], said["priority"]) == ("solved", alice.pk, "low")
    assert said["solved_at"]
    assert said["version"] == 2
    ticket.refresh_from_db()
    assert ticket.set_by_person == ["priority"]
    events = Event.objects.filter(ticket=ticket).values_list("kind", flat=True)
    assert {*events} == {
        EventKind.TICKET_CREATED,
        EventKind.TICKET_UPDATED,
        EventKind.STATUS_CHANGED,
        EventKind.TICKET_ASSIGNED,
    }


def test_a_change_that_changes_nothing_tells_nobody(api: Api) -> None:
    ticket = add_ticket()

    said = api.patch(f"/tickets/{ticket.pk}", {"status": ticket.status}).json()

    assert said["version"] == 1
    assert not Event.objects.filter(kind=EventKind.TICKET_UPDATED).exists()


def test_a_change_of_an_older_version_is_a_409(api: Api) -> None:
    ticket = add_ticket()
    api.patch(f"/tickets/{ticket.pk}", {"status": "open"})

    late = api.patch(f"/tickets/{ticket.pk}", {"status": "closed", "version": 1})

    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert api.get(f"/tickets/{ticket.pk}").json()["status"] == "open"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"team_id": 999}, "team_id"), ({"assignee_id": 999}, "assignee_id"), ({"id": 3}, "id")],
)
def test_a_change_that_cannot_be_names_its_field(
    api: Api, change: dict[str, int], field: str
) -> None:
    ticket = add_ticket()

    assert fault_fields(api.patch(f"/tickets/{ticket.pk}", change)) == [field]


def test_many_tickets_each_stand_for_themselves(api: Api) -> None:
    known = {**BROKEN, "source": "shop", "external_id": "1"}
    api.post("/tickets", known)

    results = api.post("/tickets/bulk", {"tickets": [BROKEN, known, {"subject": "?"}]}).json()

    assert [row["status"] for row in results["results"]] == [201, 200, 422]
    assert results["results"][2]["error"]["details"][0]["field"] == "description"
    assert Ticket.objects.count() == 2


def test_more_than_100_at_once_are_refused(api: Api) -> None:
    answer = api.post("/tickets/bulk", {"tickets": [BROKEN] * 101})

    assert fault_fields(answer) == ["tickets"]
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("path", ["/tickets/999", f"/tickets/{2**63}", "/tickets/x", "/nope"])
def test_what_is_not_there_is_a_404_in_the_same_shape(api: Api, path: str) -> None:
    answer = api.get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert answer.json()["error"]["request_id"] == answer.headers["X-Request-Id"] != ""


def test_a_search_brings_the_best_hits_first_page_by_page(api: Api) -> None:
    weak = add_ticket("Delivery", "The vase was blue.").pk
    best = add_ticket("Vase broken, vase gone", "My vase. Vase!").pk
    good = add_ticket("Vase", "It broke.").pk
    add_ticket("Login", "I cannot log in.")

    first = api.get("/tickets", **{"q": "vase", "page[size]": 2}).json()
    cursor = first["meta"]["after_cursor"]
    second = api.get("/tickets", **{"q": "vase", "page[size]": 2, "page[after]": cursor}).json()

    assert [row["id"] for row in [*first["data"], *second["data"]]] == [best, good, weak]
    assert (first["meta"]["has_more"], second["meta"]["has_more"]) == (True, False)
