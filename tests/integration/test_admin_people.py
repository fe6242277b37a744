"""Adding, changing and (not) deleting users and teams."""

from typing import Any

import pytest
from django.db.models import PROTECT, ManyToOneRel
from django.test import Client

from accounts.models import Role, Team, User
from tests.conftest import PASSWORD
from tests.integration.web_cases import add_labels
from triage.models import Import
from triage.selectors import people

USERS = "/admin/accounts/user/"


def form_of(user: User, **changes: Any) -> dict[str, Any]:
    fields = {"email": user.email, "name": user.name, "role": user.role, "is_active": "on"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def add(client: Client, **changes: Any) -> Any:
    new = {"email": "dora@example.com", "name": "Dora", "role": "agent", "usable_password": "true"}
    passwords = {"password1": "ferns and orchids", "password2": "ferns and orchids"}
    return client.post(f"{USERS}add/", new | passwords | changes)


def test_a_new_user_can_log_in(as_bob: Client, client: Client) -> None:
    add(as_bob)

    assert Client().login(username="dora@example.com", password="ferns and orchids")


def test_a_new_integration_needs_no_password(as_bob: Client) -> None:
    add(as_bob, role="integration", usable_password="false", password1="", password2="")

    assert not User.objects.get(email="dora@example.com").has_usable_password()


def test_a_weak_password_is_refused(as_bob: Client) -> None:
    response = add(as_bob, password1="12345678", password2="12345678")

    assert "too common" in response.text
    assert not User.objects.filter(email="dora@example.com").exists()


def test_an_address_is_taken_once_whatever_its_case(as_bob: Client, alice: User) -> None:
    response = add(as_bob, email="ALICE@example.com")

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


@pytest.mark.parametrize("changes", [{"role": "agent"}, {"is_active": None}])
def test_the_last_admin_stays_one(changes: dict[str, Any], as_bob: Client, bob: User) -> None:
    response = as_bob.post(f"{USERS}{bob.pk}/change/", form_of(bob, **changes))

    assert "This is the only active admin." in response.text
    bob.refresh_from_db()
    assert bob.is_staff


def test_one_of_two_admins_may_go(as_bob: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(role=Role.ADMIN)

    as_bob.post(f"{USERS}{alice.pk}/change/", form_of(alice, is_active=None))

    alice.refresh_from_db()
    assert not alice.is_active


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
    as_bob.post(f"{USERS}{system.pk}/delete/", {"post": "yes"})

    system.refresh_from_db()
    assert not system.has_usable_password()


@pytest.mark.parametrize("address", ["999999/change/", "999999/delete/", "x/password/"])
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
