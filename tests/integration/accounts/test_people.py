"""Who is deactivated is out at once; an installation keeps an admin, whoever clicks at the same time."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import people, tokens
from accounts.exceptions import Refused
from accounts.models import Role, User


def test_a_deactivated_person_is_logged_out_for_good_and_others_are_not(
    alice: User, bob: User
) -> None:
    hers, his = Client(), Client()
    hers.force_login(alice)
    his.force_login(bob)

    people.deactivate(alice, by=bob)
    after = hers.get("/")
    people.reactivate(alice, by=bob)

    assert after.headers["Location"] == f"{reverse('login')}?next=/"
    assert hers.get("/").status_code == 302
    assert his.get("/").status_code == 200
    assert Session.objects.count() == 1


def test_a_deactivated_person_cannot_log_in_until_reactivated(alice: User, bob: User) -> None:
    given = {"username": alice.email, "password": "correct horse battery"}
    people.deactivate(alice, by=bob)

    refused = Client().post("/login/", given)
    people.reactivate(alice, by=bob)
    accepted = Client().post("/login/", given)

    assert refused.status_code == 200
    assert accepted.status_code == 302


def test_the_tokens_of_a_deactivated_person_rest_until_reactivated(alice: User, bob: User) -> None:
    issued = tokens.issue(alice, name="Mine", scopes=["tickets:read"], by=alice)

    people.deactivate(alice, by=bob)
    between = tokens.find(issued.secret)
    people.reactivate(alice, by=bob)

    assert between is None
    assert tokens.find(issued.secret) == issued.token


def test_nobody_deactivates_themselves(bob: User, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(role=Role.ADMIN)

    with pytest.raises(Refused, match="This is you"):
        people.deactivate(bob, by=bob)

    bob.refresh_from_db()
    assert bob.is_active


def test_the_last_admin_is_kept_even_by_the_application_itself(bob: User) -> None:
    with pytest.raises(Refused, match="only active admin"):
        people.deactivate(bob, by=User.objects.system())


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_deactivate_each_other_at_once_do_not_both_succeed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = (
        User.objects.create_user(f"admin{number}@example.com", role=Role.ADMIN)
        for number in range(2)
    )
    both_inside, refused = Barrier(2), []

    def wait_for_the_other(_user: User) -> None:
        with suppress(BrokenBarrierError):
            both_inside.wait(timeout=0.5)

    def deactivate(user: User, by: User) -> None:
        try:
            people.deactivate(user, by=by)
        except Refused as error:
            refused.append(str(error))
        finally:
            connection.close()

    monkeypatch.setattr(people, "_end_sessions", wait_for_the_other)
    threads = [Thread(target=deactivate, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1
    assert refused == ["This is the only active admin. Make somebody else one first."]
