"""Webhooks over the API: added, changed, rotated, tested, and what became of each delivery."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from accounts.models.tokens import Scope
from tests.integration.api.client import ROOT, Api, api_as, fault_fields
from tests.integration.webhooks.cases import add_delivery, add_webhook
from triage.models import Delivery, DeliveryState, EventKind, Webhook

NEW = {"url": "https://93.184.216.34/hook", "kinds": ["ticket.triaged", "ticket.created"]}


@pytest.fixture
def api(bob: User) -> Api:
    """Bob is an admin."""
    return api_as(bob, scopes=[Scope.ADMIN])


def test_a_webhook_is_added_and_its_secret_answered_this_once(api: Api, bob: User) -> None:
    answer = api.post("/webhooks", {**NEW, "description": "Shop"})

    webhook = Webhook.objects.get()
    shown = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{ROOT}/webhooks/{webhook.pk}"
    assert shown.pop("secret") == webhook.secret
    assert shown == api.get(f"/webhooks/{webhook.pk}").json()
    assert shown["kinds"] == ["ticket.created", "ticket.triaged"]
    assert (shown["active"], shown["by_id"], shown["description"]) == (True, bob.pk, "Shop")


def test_the_same_post_again_adds_nothing(api: Api) -> None:
    first = api.post("/webhooks", NEW, Idempotency_Key="a")
    second = api.post("/webhooks", NEW, Idempotency_Key="a")

    assert first.json() == second.json()
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"url": "https://127.0.0.1/"}, ["url"]),
        ({"url": "http://93.184.216.34/"}, ["url"]),
        ({"url": ""}, ["url"]),
        ({"url": f"https://example.com/{'x' * 500}"}, ["url"]),
        ({"kinds": []}, ["kinds"]),
        ({"kinds": ["ticket.created", "x"]}, ["kinds[1]"]),
        ({"kinds": ["webhook.test"]}, ["kinds[0]"]),
        ({"secret": "mine"}, ["secret"]),
    ],
)
def test_what_is_unusable_is_named(change: dict[str, Any], fields: list[str], api: Api) -> None:
    assert fault_fields(api.post("/webhooks", NEW | change)) == fields
    assert not Webhook.objects.exists()


def test_webhooks_are_listed_without_their_secrets(api: Api) -> None:
    webhook = add_webhook()

    answer = api.get("/webhooks")

    assert [row["id"] for row in answer.json()["data"]] == [webhook.pk]
    assert webhook.secret not in answer.content.decode()


def test_a_change_sets_what_is_given(api: Api) -> None:
    webhook = add_webhook()

    answer = api.patch(f"/webhooks/{webhook.pk}", {"kinds": ["draft.sent"], "active": False})

    shown = answer.json()
    assert (shown["url"], shown["kinds"], shown["active"]) == (webhook.url, ["draft.sent"], False)
    assert shown["disabled_reason"] == "Switched off by Bob."


@pytest.mark.parametrize(
    ("change", "field"),
    [({"url": "https://10.0.0.1/"}, "url"), ({"active": None}, "active"), ({"x": 1}, "x")],
)
def test_an_unusable_change_changes_nothing(change: dict[str, Any], field: str, api: Api) -> None:
    webhook = add_webhook()

    assert fault_fields(api.patch(f"/webhooks/{webhook.pk}", change)) == [field]
    assert Webhook.objects.get().url == webhook.url


def test_a_webhook_is_deleted(api: Api) -> None:
    webhook = add_webhook()

    assert api.delete(f"/webhooks/{webhook.pk}").status_code == 204
    assert api.get(f"/webhooks/{webhook.pk}").status_code == 404


def test_a_rotation_answers_the_new_secret(api: Api) -> None:
    webhook = add_webhook()

    shown = api.post(f"/webhooks/{webhook.pk}/rotate_secret").json()

    rotated = Webhook.objects.get()
    assert shown["secret"] == rotated.secret != webhook.secret
    assert rotated.old_secret == webhook.secret
    assert shown["old_secret_until"].endswith("Z")


def test_a_test_answers_its_delivery(api: Api) -> None:
    webhook = add_webhook()

    answer = api.post(f"/webhooks/{webhook.pk}/test")

    delivery = Delivery.objects.get()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{ROOT}/deliveries/{delivery.pk}"
    assert answer.json()["type"] == EventKind.WEBHOOK_TEST
    shown = api.get(f"/deliveries/{delivery.pk}").json()
    assert shown["payload"]["data"]["webhook"]["id"] == webhook.pk


def test_deliveries_are_paged_newest_first(
    api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    webhook = add_webhook()
    made = [add_delivery(webhook).pk for _ in range(5)]
    add_delivery(add_webhook())
    address = f"/webhooks/{webhook.pk}/deliveries"

    with django_assert_max_num_queries(8):
        first = api.get(address, **{"page[size]": 3}).json()
    after = first["meta"]["after_cursor"]
    second = api.get(address, **{"page[size]": 3, "page[after]": after}).json()

    found = [row["id"] for row in first["data"] + second["data"]]
    assert found == made[::-1]
    assert not second["meta"]["has_more"]


def test_a_delivery_is_sent_once_more(api: Api) -> None:
    delivery = add_delivery(add_webhook(), state=DeliveryState.FAILED, finished_at=timezone.now())

    answer = api.post(f"/deliveries/{delivery.pk}/redeliver")

    shown = answer.json()
    assert answer.status_code == 202
    assert (shown["state"], shown["message_id"]) == ("pending", delivery.message_id)
    assert shown["due_at"] is not None


def test_to_a_webhook_that_is_off_nothing_is_sent(api: Api) -> None:
    delivery = add_delivery(
        add_webhook(is_active=False), state=DeliveryState.FAILED, finished_at=timezone.now()
    )

    answer = api.post(f"/deliveries/{delivery.pk}/redeliver")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


ADDRESSES = [
    ("get", "/webhooks"),
    ("post", "/webhooks"),
    ("get", "/webhooks/1"),
    ("patch", "/webhooks/1"),
    ("delete", "/webhooks/1"),
    ("post", "/webhooks/1/rotate_secret"),
    ("post", "/webhooks/1/test"),
    ("get", "/webhooks/1/deliveries"),
    ("get", "/deliveries/1"),
    ("post", "/deliveries/1/redeliver"),
]


def ask(api: Api, method: str, address: str, body: dict[str, Any]) -> Any:
    """With the body, where the method takes one."""
    return api.get(address) if method == "get" else api.send(method, address, body)


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_only_the_scope_admin_may(method: str, address: str, charlie: User, db: None) -> None:
    others = api_as(charlie, scopes=[Scope.TICKETS_READ, Scope.TICKETS_WRITE])

    assert ask(others, method, address, NEW).status_code == 403
    assert getattr(Client(), method)(ROOT + address).status_code == 401


@pytest.mark.parametrize(("method", "address"), ADDRESSES[2:])
def test_what_is_not_there_is_a_404(method: str, address: str, api: Api) -> None:
    assert ask(api, method, address, {}).status_code == 404


def test_the_operator_decides_about_http(api: Api, settings: Settings) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_HTTP = True

    assert api.post("/webhooks", NEW | {"url": "http://93.184.216.34/"}).status_code == 201
