"""Who gets into the admin area, under which policy, and what nobody may change there."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.admin_cases import add_attempt, add_call
from tests.integration.web_cases import add_labels, add_ticket
from triage.models import (
    Alert,
    Attempt,
    Batch,
    Call,
    Delivery,
    Event,
    EventKind,
    Import,
    TaxonomyVersion,
    Ticket,
    Webhook,
)

POLICY = "triage.admin.security.AdminPolicyMiddleware"
LISTS = [
    "triage_ticket",
    "triage_call",
    "triage_label",
    "triage_taxonomyversion",
    "triage_import",
    "triage_alert",
    "triage_alertrule",
    "triage_article",
    "triage_maskingpattern",
    "triage_batch",
    "triage_budget",
    "triage_webhook",
    "triage_delivery",
    "triage_shedding",
    "triage_featureroute",
    "accounts_user",
    "accounts_apitoken",
    "accounts_team",
]
OWN_PAGES = [
    "admin:index",
    "admin:costs",
    "admin:plan",
    "admin:evaluations",
    "admin:automation",
    "admin:triage_label_publish",
]
HISTORY = [Alert, Batch, Call, Delivery, Import, TaxonomyVersion, Ticket]
PAGES = [*OWN_PAGES, *(f"admin:{name}_changelist" for name in LISTS)]


@pytest.fixture
def policy(settings: Settings) -> None:
    settings.MIDDLEWARE = [*(name for name in settings.MIDDLEWARE if name != POLICY), POLICY]


@pytest.mark.parametrize("page", PAGES)
def test_without_a_login_a_page_leads_to_the_login(page: str, client: Client, db: None) -> None:
    address = reverse(page)

    assert client.get(address).headers["Location"] == f"{reverse('login')}?next={address}"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ["alice", "charlie"])
def test_who_is_no_admin_is_refused_and_not_sent_in_circles(
    page: str, name: str, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(name))

    response = client.get(reverse(page), follow=True)

    assert response.status_code == 403
    assert len(response.redirect_chain) == 1


@pytest.mark.parametrize("page", PAGES)
def test_an_admin_sees_every_page(page: str, as_bob: Client) -> None:
    assert as_bob.get(reverse(page)).status_code == 200


def test_the_admins_login_is_the_sites_login(client: Client, db: None) -> None:
    address = reverse("admin:triage_call_changelist")

    response = client.get(reverse("admin:login"), {"next": address})

    assert response.headers["Location"] == f"{reverse('login')}?next={address}"


def test_the_login_leads_nowhere_else(client: Client, db: None) -> None:
    response = client.get(reverse("admin:login"), {"next": "https://evil.example/"})

    assert response.headers["Location"] == f"{reverse('login')}?next={reverse('admin:index')}"


def test_an_admin_who_comes_to_the_login_is_let_in(as_bob: Client) -> None:
    response = as_bob.get(reverse("admin:login"), {"next": reverse("admin:login")})

    assert response.headers["Location"] == reverse("admin:index")


@pytest.mark.parametrize("model", HISTORY)
def test_nobody_adds_history(model: type[Call], as_bob: Client) -> None:
    address = reverse(f"admin:triage_{model._meta.model_name}_add")

    assert as_bob.get(address).status_code == 403
    assert as_bob.post(address, {}).status_code == 403


def test_nobody_changes_or_deletes_history(as_bob: Client, bob: User) -> None:
    add_labels()
    ticket = add_ticket()
    add_attempt(add_call(), 5)
    Import.objects.create(name="x.csv", digest="d" * 64, source="x", by=bob)
    Alert.objects.create(kind="redis_down", message="Down.")
    Batch.objects.create(feature="backfill", model="claude-haiku-5-5", lines=1)
    webhook = Webhook.objects.create(url="https://example.com", kinds=["webhook.test"], by=bob)
    event = Event.objects.create(kind=EventKind.WEBHOOK_TEST)
    Delivery.objects.create(webhook=webhook, event=event, gives_up_at=timezone.now())

    for model in HISTORY:
        row = model._base_manager.get()
        for action in ("change", "delete"):
            page = f"admin:triage_{model._meta.model_name}_{action}"
            assert as_bob.post(reverse(page, args=[row.pk]), {"post": "yes"}).status_code == 403

    assert Call.objects.count() == Attempt.objects.count() == 1
    assert Ticket.objects.get() == ticket


def test_no_list_offers_an_action_on_many_rows_but_that_of_alerts(as_bob: Client) -> None:
    request = as_bob.get(reverse("admin:index")).wsgi_request
    offered = {model: [*page.get_actions(request)] for model, page in admin.site._registry.items()}

    assert {model: names for model, names in offered.items() if names} == {
        Alert: [
            *("snooze_hour", "snooze_day", "snooze_week", "snooze_until_resolved", "wake"),
            "mark_as_resolved",
        ]
    }


def test_the_admin_has_a_policy_of_its_own(as_bob: Client, policy: None) -> None:
    for address in (reverse("admin:costs"), "/admin/nowhere/", reverse("admin:login")):
        assert "'unsafe-eval'" in as_bob.get(address).headers["Content-Security-Policy"]


def test_other_pages_keep_the_strict_policy(as_bob: Client, policy: None) -> None:
    for address in ("/", "/login/", "/administration/"):
        assert "unsafe" not in as_bob.get(address).headers["Content-Security-Policy"]


def test_the_sidebar_leads_to_pages_that_exist(as_bob: Client) -> None:
    html = as_bob.get(reverse("admin:index")).text
    sidebar = html[html.index('id="nav-sidebar-apps"') : html.index('id="main"')]

    addresses = re.findall(r'href="(/[^"]*)"', sidebar)

    assert {reverse("queue"), reverse("admin:costs")} < set(addresses)
    assert all(as_bob.get(address).status_code == 200 for address in addresses)


@pytest.mark.parametrize("is_simulated", [True, False])
def test_a_badge_names_the_simulator(
    is_simulated: bool, as_bob: Client, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR = is_simulated

    html = as_bob.get(reverse("admin:triage_label_changelist")).text

    assert ("Simulator" in html) is is_simulated
