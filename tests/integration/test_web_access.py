"""Who gets in, and what stays outside."""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.conftest import PASSWORD
from tests.integration.web_cases import add_labels, add_ticket

PAGES = ["/", "/queue/rail/", "/tickets/1/", "/tickets/1/triage/"]
FORMS = ["/tickets/1/label/", "/tickets/1/label/undo/", "/tickets/1/triage/again/"]


@pytest.mark.parametrize("path", PAGES)
def test_without_a_login_a_page_leads_to_the_login(path: str, client: Client, db: None) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response.headers["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_an_integration_is_told_that_pages_are_for_people(
    path: str, client: Client, charlie: User
) -> None:
    client.force_login(charlie)

    response = client.get(path)

    assert response.status_code == 403
    assert "not for your account" in response.text
    assert "Log out" in response.text


@pytest.mark.parametrize("path", FORMS)
def test_an_integration_changes_nothing_through_forms(
    path: str, client: Client, charlie: User
) -> None:
    client.force_login(charlie)

    assert client.post(path, {"label": "account-login"}).status_code == 403


@pytest.mark.parametrize("path", FORMS)
def test_a_form_answers_no_get(path: str, as_alice: Client) -> None:
    assert as_alice.get(path).status_code == 405


def test_a_form_without_its_token_is_refused(alice: User) -> None:
    add_labels()
    ticket = add_ticket()
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    response = client.post(f"/tickets/{ticket.pk}/label/", {"label": "account-login"})

    assert response.status_code == 403
    assert "The form has expired" in response.text


def test_an_agent_logs_in_with_any_case_of_the_address(client: Client, alice: User) -> None:
    credentials = {"username": "Alice@Example.com", "password": PASSWORD, "next": "/?view=open"}

    response = client.post("/login/", credentials)

    assert response.status_code == 302
    assert response.headers["Location"] == "/?view=open"


def test_a_login_never_leads_to_another_site(client: Client, alice: User) -> None:
    credentials = {"username": alice.email, "password": PASSWORD, "next": "//evil.example/"}

    assert client.post("/login/", credentials).headers["Location"] == "/"


def test_a_wrong_password_says_so_and_shows_no_password(client: Client, alice: User) -> None:
    response = client.post("/login/", {"username": alice.email, "password": "mistaken"})

    assert "do not belong together" in response.text
    assert "mistaken" not in response.text


def test_empty_login_fields_are_named(client: Client, db: None) -> None:
    response = client.post("/login/", {})

    assert "Enter your e-mail address." in response.text
    assert "Enter your password." in response.text


def test_a_logout_is_a_post(as_alice: Client) -> None:
    assert as_alice.get("/logout/").status_code == 405
    assert as_alice.post("/logout/").status_code == 302
    assert as_alice.get("/").status_code == 302


def test_only_admins_see_the_way_to_the_admin(as_alice: Client, bob: User) -> None:
    seen_by_alice = as_alice.get("/").text
    as_alice.force_login(bob)

    assert 'href="/admin/"' not in seen_by_alice
    assert 'href="/admin/"' in as_alice.get("/").text


@pytest.mark.parametrize("is_simulated", [True, False])
def test_a_banner_says_when_the_simulator_answers(
    is_simulated: bool, as_alice: Client, settings: Settings
) -> None:
    settings.TRIAGE_SIMULATOR = is_simulated

    assert ("built-in simulator" in as_alice.get("/").text) is is_simulated


@pytest.mark.parametrize("path", ["/nothing-here/", "/tickets/12345678/", f"/tickets/{10**30}/"])
def test_an_unknown_address_gets_a_page_that_helps(path: str, as_alice: Client) -> None:
    response = as_alice.get(path)

    assert response.status_code == 404
    assert "There is nothing at this address" in response.text


def test_a_fault_of_ours_gets_a_page_without_any_query() -> None:
    assert "Something broke on our side" in render_to_string("500.html")
