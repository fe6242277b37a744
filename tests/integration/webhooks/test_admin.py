"""The admin's pages of webhooks and deliveries."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.integration.webhooks.cases import (
    add_delivery,
    add_ticket,
    add_webhook,
    days_ago,
    state_of,
)
from triage.models import Delivery, DeliveryState, Event, EventKind, Webhook

LIST, ADD = "/admin/triage/webhook/", "/admin/triage/webhook/add/"
FORM: dict[str, Any] = {
    "url": "https://93.184.216.34/hook",
    "description": "Shop",
    "kinds": ["ticket.created"],
}


def address(name: str, row: Webhook | Delivery) -> str:
    kind = "webhook" if isinstance(row, Webhook) else "delivery"
    return reverse(f"admin:triage_{kind}_{name}", args=[row.pk])


def test_adding_a_webhook_shows_its_secret_this_once(as_bob: Client, bob: User) -> None:
    page = as_bob.post(ADD, FORM)

    webhook = Webhook.objects.get()
    assert webhook.by == bob
    assert webhook.secret in page.text
    for later in (LIST, address("change", webhook), address("rotate", webhook)):
        assert webhook.secret not in as_bob.get(later).text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("url", "https://127.0.0.1/", "leads to a private, local or reserved address"),
        ("url", "http://93.184.216.34/", "must start with https://"),
        ("url", "https://a:b@93.184.216.34/", "must not contain a user name"),
        ("kinds", [], "Choose at least one event."),
    ],
)
def test_what_is_unusable_is_said_beside_its_field(
    field: str, value: Any, said: str, as_bob: Client
) -> None:
    page = as_bob.post(ADD, FORM | {field: value})

    errors = page.context["adminform"].form.errors
    assert said in errors[field][0]
    assert not Webhook.objects.exists()


def test_a_change_is_saved_and_the_secret_stays(as_bob: Client) -> None:
    webhook = add_webhook()

    as_bob.post(address("change", webhook), FORM | {"kinds": ["draft.ready"]})

    changed = Webhook.objects.get()
    assert (changed.kinds, changed.description) == (["draft.ready"], "Shop")
    assert (changed.secret, changed.by) == (webhook.secret, webhook.by)


def test_a_rotation_asks_first_and_shows_the_new_secret_once(as_bob: Client) -> None:
    webhook = add_webhook()

    question = as_bob.get(address("rotate", webhook))
    assert "two signatures for 24 hours" in question.text
    assert Webhook.objects.get().secret == webhook.secret
    page = as_bob.post(address("rotate", webhook))

    rotated = Webhook.objects.get()
    assert rotated.secret != webhook.secret
    assert rotated.secret in page.text
    assert "The old secret signs too until" in as_bob.get(address("change", webhook)).text


def test_a_test_leads_to_its_delivery(as_bob: Client) -> None:
    webhook = add_webhook()

    page = as_bob.post(address("test", webhook), follow=True)

    delivery = Delivery.objects.get()
    assert delivery.event.kind == EventKind.WEBHOOK_TEST
    assert page.redirect_chain[-1][0] == address("change", delivery)
    assert "A test is on its way." in page.text


def test_a_webhook_is_switched_off_and_on(as_bob: Client) -> None:
    webhook = add_webhook()

    page = as_bob.post(address("switch-off", webhook), follow=True)
    assert "Switched off by Bob." in page.text
    page = as_bob.post(address("switch-on", webhook), follow=True)

    assert "The webhook is switched on." in page.text
    assert Webhook.objects.get().is_active


def test_a_failing_webhook_says_since_when(as_bob: Client) -> None:
    webhook = add_webhook(failing_since=days_ago(1))

    assert "Failing since" in as_bob.get(address("change", webhook)).text
    assert "Failing" in as_bob.get(LIST).text


def test_deleting_a_webhook_lists_none_of_its_deliveries(as_bob: Client) -> None:
    webhook = add_webhook()
    delivery = add_delivery(webhook)

    page = as_bob.get(address("delete", webhook))
    assert delivery.message_id not in page.text
    as_bob.post(address("delete", webhook), {"post": "yes"})

    assert not Webhook.objects.exists()


@pytest.mark.parametrize("action", ["test", "switch-on", "switch-off"])
def test_looking_at_an_address_changes_nothing(action: str, as_bob: Client) -> None:
    webhook = add_webhook()

    assert as_bob.get(address(action, webhook)).status_code == 405


@pytest.mark.parametrize("action", ["rotate", "test", "switch-on", "switch-off"])
def test_nobody_but_an_admin_may(action: str, as_alice: Client) -> None:
    webhook = add_webhook()

    response = as_alice.post(address(action, webhook))

    assert response.status_code in (302, 403)
    assert Webhook.objects.get().secret == webhook.secret
    assert not Delivery.objects.exists()


def test_a_delivery_shows_each_try_and_what_was_sent(as_bob: Client) -> None:
    log = [
        {"at": "2026-11-10T12:00:00.000+00:00", "status": 503, "error": "503: not now."}
        | {"response": "<b>busy</b>", "milliseconds": 12},
    ]
    delivery = add_delivery(add_webhook(), body='{"type":"<script>"}', log=log)

    page = as_bob.get(address("change", delivery)).text

    assert "503: not now." in page
    assert "&lt;b&gt;busy&lt;/b&gt;" in page
    assert "&lt;script&gt;" in page


def test_a_failed_delivery_is_sent_once_more(as_bob: Client) -> None:
    delivery = add_delivery(add_webhook(), state=DeliveryState.FAILED, finished_at=timezone.now())

    page = as_bob.post(address("redeliver", delivery), follow=True)

    assert "It is sent once more." in page.text
    assert state_of(delivery) == DeliveryState.PENDING


def test_to_a_webhook_that_is_off_nothing_is_sent_and_that_is_said(as_bob: Client) -> None:
    webhook = add_webhook(is_active=False)
    delivery = add_delivery(webhook, state=DeliveryState.FAILED, finished_at=timezone.now())

    page = as_bob.post(address("redeliver", delivery), follow=True)

    assert "Nothing was sent. The webhook is switched off." in page.text


def test_nobody_changes_or_deletes_a_delivery(as_bob: Client) -> None:
    delivery = add_delivery(add_webhook())

    for action in ("change", "delete"):
        assert as_bob.post(address(action, delivery), {"post": "yes"}).status_code == 403
    assert as_bob.post("/admin/triage/delivery/add/", {}).status_code == 403


def test_the_list_costs_the_same_for_many_deliveries(
    as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    webhook, ticket = add_webhook(), add_ticket()
    for _ in range(30):
        add_delivery(webhook)
    Event.objects.update(ticket=ticket)

    with django_assert_max_num_queries(12):
        page = as_bob.get("/admin/triage/delivery/")

    assert len(re.findall(r"/admin/triage/delivery/\d+/change/", page.text)) >= 30
