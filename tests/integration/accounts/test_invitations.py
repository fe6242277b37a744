"""Inviting somebody: stored without a password, mailed a link, let in by it once within seven days."""

import re
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import invitations, links
from accounts.exceptions import Refused
from accounts.models import Role, Team, User

USERS = "/admin/accounts/user/"
CHOICE = {"new_password1": "ferns and orchids", "new_password2": "ferns and orchids"}


def invite(client: Client, **changes: Any) -> Any:
    new = {"email": "dora@example.com", "name": "Dora", "role": "agent"}
    return client.post(f"{USERS}add/", new | changes)


def link_on(page: Any) -> str:
    found = re.search(r'value="http://testserver(/invitation/[^"]+)"', page.text)
    assert found, page.text
    return found[1]


def accept(link: str, **changes: str) -> Any:
    client = Client()
    form = client.get(link, follow=True)
    return client.post(form.request["PATH_INFO"], CHOICE | changes, follow=True)


def test_an_invited_person_is_stored_without_a_password_and_mailed_the_link_shown(
    as_bob: Client, mailoutbox: list[EmailMessage]
) -> None:
    team = Team.objects.create(slug="billing", name="Billing")

    page = invite(as_bob, team=team.pk)

    dora = User.objects.get(email="dora@example.com")
    assert (dora.name, dora.role, dora.team) == ("Dora", Role.AGENT, team)
    assert not dora.has_usable_password()
    [mail] = mailoutbox
    assert mail.to == ["dora@example.com"]
    assert mail.subject == "Bob invites you to Triage"
    assert f"http://testserver{link_on(page)}" in str(mail.body)


def test_the_link_lets_them_choose_a_password_and_in(as_bob: Client) -> None:
    link = link_on(invite(as_bob))

    page = accept(link)

    assert page.redirect_chain[-1] == ("/", 302)
    assert page.wsgi_request.user.email == "dora@example.com"
    assert Client().login(username="dora@example.com", password="ferns and orchids")


def test_opening_the_link_alone_does_not_use_it_up(as_bob: Client) -> None:
    link = link_on(invite(as_bob))
    Client().get(link, follow=True)  # as a mail scanner does

    assert accept(link).wsgi_request.user.is_authenticated


def test_the_link_works_once(as_bob: Client) -> None:
    link = link_on(invite(as_bob))
    accept(link)

    assert "This invitation does not work any more" in Client().get(link).text


def test_the_link_works_for_seven_days(as_bob: Client) -> None:
    link, now = link_on(invite(as_bob)), timezone.now()

    with time_machine.travel(now + links.INVITATION_LIFETIME * 0.99):
        in_time = Client().get(link)
    with time_machine.travel(now + links.INVITATION_LIFETIME * 1.01):
        late = Client().get(link)

    assert in_time.status_code == 302
    assert "is older than 7 days" in late.text


def test_an_invitation_is_no_reset_link(as_bob: Client) -> None:
    link = link_on(invite(as_bob)).replace("/invitation/", "/password-reset/")

    assert "This link does not work any more" in Client().get(link).text


def test_a_weak_password_is_refused_and_the_link_still_works(as_bob: Client) -> None:
    link = link_on(invite(as_bob))

    refused = accept(link, new_password1="12345678", new_password2="12345678")

    assert "too common" in refused.text
    assert accept(link).wsgi_request.user.is_authenticated


def test_inviting_again_makes_the_earlier_link_void(
    as_bob: Client, mailoutbox: list[EmailMessage]
) -> None:
    first = link_on(invite(as_bob))
    dora = User.objects.get(email="dora@example.com")

    second = link_on(as_bob.post(f"{USERS}{dora.pk}/invite/"))

    assert "does not work any more" in Client().get(first).text
    assert accept(second).wsgi_request.user == dora
    assert len(mailoutbox) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"role": "integration"}, "Integrations do not log in"),
        ({"is_active": False}, "Reactivate them first"),
        ({}, "has a password already"),
    ],
)
def test_who_needs_no_invitation_gets_none(
    changes: dict[str, Any],
    words: str,
    as_bob: Client,
    alice: User,
    mailoutbox: list[EmailMessage],
) -> None:
    User.objects.filter(pk=alice.pk).update(**changes)

    page = as_bob.post(f"{USERS}{alice.pk}/invite/", follow=True)

    assert words in page.text
    assert mailoutbox == []
    alice.refresh_from_db()
    assert alice.has_usable_password()


def test_an_integration_is_stored_without_a_mail_and_led_to_its_token(
    as_bob: Client, mailoutbox: list[EmailMessage]
) -> None:
    page = invite(as_bob, role="integration", name="Shop")

    shop = User.objects.get(email="dora@example.com")
    assert not shop.has_usable_password()
    assert mailoutbox == []
    assert f"/admin/accounts/apitoken/add/?user={shop.pk}" in as_bob.get(page["Location"]).text


def test_a_mail_server_that_refuses_is_said_and_the_link_is_there(
    as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(invitations, "send_mail", refuse)

    page = invite(as_bob)

    assert "could not be sent" in page.text
    assert accept(link_on(page)).wsgi_request.user.is_authenticated


@pytest.mark.django_db(transaction=True)
def test_the_mail_leaves_when_the_person_is_committed(
    as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_inside: list[bool] = []

    def look(*_: object, **__: object) -> None:
        was_inside.append(connection.in_atomic_block)

    monkeypatch.setattr(invitations, "send_mail", look)

    invite(as_bob)

    assert was_inside == [False]


def test_the_link_is_shown_once_and_kept_nowhere(as_bob: Client) -> None:
    page = invite(as_bob)
    link = link_on(page)

    dora = User.objects.get(email="dora@example.com")
    later = as_bob.get(f"{USERS}{dora.pk}/change/").text + as_bob.get(USERS).text
    assert "no-store" in page.headers["Cache-Control"]
    assert link not in later
    assert not [entry for entry in LogEntry.objects.all() if link in str(vars(entry))]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "BOB@example.com"}, "There is a user with this e-mail address already."),
        ({"email": "nonsense"}, "valid email address"),
        ({"email": ""}, "This field is required."),
        ({"role": "king"}, "not one of the available choices"),
    ],
)
def test_a_faulty_form_stores_and_mails_nothing(
    changes: dict[str, str], words: str, as_bob: Client, mailoutbox: list[EmailMessage]
) -> None:
    page = invite(as_bob, **changes)

    assert words in page.text
    assert User.objects.count() == 1
    assert mailoutbox == []


def test_a_name_with_a_line_break_cannot_write_headers_into_the_mail(
    bob: User, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    bob.name = "Bob\nBcc: everybody@example.com"

    invitations.send(alice, site="https://triage.example.com", by=bob)

    assert "\n" not in mailoutbox[0].subject


def test_who_has_a_password_is_not_prepared_again(alice: User, bob: User) -> None:
    with pytest.raises(Refused, match="has a password already"):
        invitations.prepare(alice, by=bob)
