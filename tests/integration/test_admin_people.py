"""Changing, deactivating and (not) deleting users and teams."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import PROTECT, ManyToOneRel
from django.test import Client

from accounts.models import Role, Team, User
from tests.conftest import PASSWORD
from tests.integration.web_cases import add_labels
from triage.models import Import
from triage.selectors import people

USERS = "/admin/accounts/user/"


@pytest.fixture
def second_admin(alice: User) -> User:
    User.objects.filter(pk=alice.pk).update(role=Role.ADMIN)
    alice.refresh_from_db()
    return alice


def form_of(user: User, **changes: Any) -> dict[str, Any]:
    return {"email": user.email, "name": user.name, "role": user.role} | changes


def test_an_address_is_taken_once_whatever_its_case(as_bob: Client, alice: User) -> None:
    response = as_bob.post(f"{USERS}add/", {"email": "ALICE@example.com", "role": "agent"})

    assert "There is a user with this e-mail address already." in response.text


def test_a_role_and_a_team_are_changed(as_bob: Client, alice: User) -> None:
    team = Team.objects.create(slug="billing", name="Billing")

    as_bob.post(f"{USERS}{alice.pk}/change/", form_of(alice, role="admin", team=team.pk))

    alice.refresh_from_db()
    assert (alice.role, alice.team) == (Role.ADMIN, team)
    assert alice.check_password(PASSWORD)


def test_a_password_is_set(as_bob: Client, alice: User) -> None:
    new = {"password1": "ferns and orchids", "password2": "ferns and orchids"}

    as_bob.post(f"{USERS}{alice.pk}/password/", new)

    alice.refresh_from_db()
    assert alice.check_password("ferns and orchids")


def test_the_last_admin_stays_one(as_bob: Client, bob: User) -> None:
    response = as_bob.post(f"{USERS}{bob.pk}/change/", form_of(bob, role="agent"))

    assert "This is the only active admin." in response.text
    bob.refresh_from_db()
    assert bob.is_staff


def test_nobody_demotes_themselves_but_changes_the_rest(
    as_bob: Client, bob: User, second_admin: User
) -> None:
    refused = as_bob.post(f"{USERS}{bob.pk}/change/", form_of(bob, role="agent"))
    as_bob.post(f"{USERS}{bob.pk}/change/", form_of(bob, name="Robert"))

    assert "This is you. Ask another admin to do it." in refused.text
    bob.refresh_from_db()
    assert (bob.role, bob.name) == (Role.ADMIN, "Robert")


def test_another_admin_may_be_demoted(as_bob: Client, second_admin: User) -> None:
    as_bob.post(f"{USERS}{second_admin.pk}/change/", form_of(second_admin, role="agent"))

    second_admin.refresh_from_db()
    assert second_admin.role == Role.AGENT


def test_deactivating_asks_first_and_can_be_undone(as_bob: Client, alice: User) -> None:
    question = as_bob.get(f"{USERS}{alice.pk}/deactivate/")
    alice.refresh_from_db()
    before = alice.is_active
    page = as_bob.post(f"{USERS}{alice.pk}/deactivate/", follow=True)
    alice.refresh_from_db()
    between = alice.is_active

    as_bob.post(f"{USERS}{alice.pk}/reactivate/")

    alice.refresh_from_db()
    assert "Deactivate Alice?" in question.text
    assert "Alice is deactivated: no login" in page.text
    assert (before, between, alice.is_active) == (True, False, True)
    assert {entry.change_message for entry in LogEntry.objects.all()} == {
        "Deactivated.",
        "Reactivated.",
    }


def test_the_list_says_who_is_active_invited_deactivated_or_without_a_login(
    as_bob: Client, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    User.objects.create_user("dora@example.com")
    User.objects.create_user("shop@example.com", role=Role.INTEGRATION)

    page = as_bob.get(USERS).text

    for words in ("Active", "Invited", "Deactivated", "No login"):
        assert words in page


@pytest.mark.parametrize("others", [0, 1])
def test_nobody_deactivates_themselves(
    others: int, as_bob: Client, bob: User, request: pytest.FixtureRequest
) -> None:
    if others:
        request.getfixturevalue("second_admin")

    page = as_bob.post(f"{USERS}{bob.pk}/deactivate/", follow=True)

    assert "Bob was not deactivated." in page.text
    assert ("This is you" if others else "the only active admin") in page.text
    bob.refresh_from_db()
    assert bob.is_active


def test_a_paused_login_is_shown_and_lifted(as_bob: Client, alice: User) -> None:
    for _ in range(5):
        Client().post("/login/", {"username": alice.email, "password": "wrong"})
    page = as_bob.get(f"{USERS}{alice.pk}/change/").text

    done = as_bob.post(f"{USERS}{alice.pk}/lift/", follow=True)

    assert "Lift login lock" in page
    assert "Lift login lock" not in done.text
    again = Client().post("/login/", {"username": alice.email, "password": PASSWORD})
    assert again.status_code == 302


@pytest.mark.parametrize("action", ["reactivate", "invite", "lift"])
def test_what_changes_something_is_done_by_post_alone(
    action: str, as_bob: Client, alice: User
) -> None:
    assert as_bob.get(f"{USERS}{alice.pk}/{action}/").status_code == 405


@pytest.mark.parametrize("action", ["deactivate", "reactivate", "invite", "lift"])
def test_a_request_without_a_token_of_the_form_changes_nothing(
    action: str, bob: User, alice: User
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)

    assert browser.post(f"{USERS}{alice.pk}/{action}/").status_code == 403
    alice.refresh_from_db()
    assert alice.is_active


@pytest.mark.parametrize("name", ["alice", "charlie"])
@pytest.mark.parametrize("action", ["deactivate", "reactivate", "invite", "lift"])
def test_only_admins_act_on_people(
    action: str, name: str, client: Client, bob: User, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(name))

    assert client.post(f"{USERS}{bob.pk}/{action}/", follow=True).status_code == 403
    bob.refresh_from_db()
    assert bob.is_active


def test_a_user_with_a_history_is_kept_and_the_reason_said(as_bob: Client, alice: User) -> None:
    Import.objects.create(name="x.csv", digest="d" * 64, source="x", by=alice)

    response = as_bob.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}, follow=True)

    assert "Alice cannot be deleted: the history names them (imports)." in response.text
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_user_without_a_history_is_deleted(as_bob: Client, alice: User) -> None:
    as_bob.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"})

    assert not User.objects.filter(pk=alice.pk).exists()


def test_nobody_deletes_themselves(as_bob: Client, bob: User) -> None:
    response = as_bob.post(f"{USERS}{bob.pk}/delete/", {"post": "yes"}, follow=True)

    assert "Bob cannot be deleted: that is you." in response.text


def test_the_user_system_is_not_touched(as_bob: Client) -> None:
    system = User.objects.system()
    new = {"password1": "ferns and orchids", "password2": "ferns and orchids"}

    assert as_bob.get(f"{USERS}{system.pk}/change/").status_code == 200
    assert as_bob.post(f"{USERS}{system.pk}/change/", form_of(system)).status_code == 403
    assert as_bob.post(f"{USERS}{system.pk}/password/", new).status_code == 403
    for action in ("deactivate", "reactivate", "invite", "lift"):
        assert as_bob.post(f"{USERS}{system.pk}/{action}/").status_code == 403
    as_bob.post(f"{USERS}{system.pk}/delete/", {"post": "yes"})

    system.refresh_from_db()
    assert not system.has_usable_password()


@pytest.mark.parametrize(
    "address", ["999999/change/", "999999/deactivate/", "999999/delete/", "x/password/"]
)
def test_a_user_that_is_none_is_no_error(address: str, as_bob: Client) -> None:
    assert as_bob.get(USERS + address, follow=True).status_code in {200, 403, 404}


def test_every_kind_of_history_that_protects_a_user_is_asked() -> None:
    protecting = {
        (relation.related_model, relation.field.name)
        for relation in User._meta.get_fields(include_hidden=True)
        if isinstance(relation, ManyToOneRel) and relation.on_delete is PROTECT
    }

    assert protecting == {(model, field) for _, model, field in people.HISTORY}


def test_a_team_in_use_is_kept_and_an_empty_one_deleted(as_bob: Client) -> None:
    add_labels()
    used, empty = Team.objects.get(), Team.objects.create(slug="empty", name="Empty")

    response = as_bob.post(f"/admin/accounts/team/{used.pk}/delete/", {"post": "yes"}, follow=True)
    as_bob.post(f"/admin/accounts/team/{empty.pk}/delete/", {"post": "yes"})

    assert "Billing cannot be deleted" in response.text
    assert list(Team.objects.all()) == [used]
