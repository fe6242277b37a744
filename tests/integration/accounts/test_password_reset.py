"""A forgotten password: asked for, mailed, chosen, once and in time."""

import re
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from accounts import links, throttling
from accounts.models import User
from tests.conftest import PASSWORD
from tests.integration.accounts.test_login_pause import attempt, fail

NEW = "ferns and orchids"
CHOICE = {"new_password1": NEW, "new_password2": NEW}


def ask(email: str) -> Any:
    return Client().post("/password-reset/", {"email": email}, follow=True)


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://testserver(/password-reset/\S+)", str(mail.body))
    assert found
    return found[1]


def choose(client: Client, link: str, **changes: str) -> Any:
    form = client.get(link, follow=True)
    return client.post(form.request["PATH_INFO"], CHOICE | changes, follow=True)


def test_the_login_page_leads_to_the_reset(client: Client, db: None) -> None:
    assert 'href="/password-reset/"' in client.get("/login/").text


def test_a_new_password_is_chosen_by_the_mailed_link(
    alice: User, mailoutbox: list[EmailMessage]
) -> None:
    ask(alice.email)
    [mail] = mailoutbox

    done = choose(Client(), link_in(mail))

    assert mail.subject == "Choose a new password for Triage"
    assert mail.to == [alice.email]
    assert "Your password is changed." in done.text
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_the_answer_does_not_tell_whether_the_address_is_known(
    alice: User, mailoutbox: list[EmailMessage]
) -> None:
    known, unknown = ask(alice.email), ask("nobody@example.com")

    assert known.text == unknown.text
    assert known.redirect_chain == unknown.redirect_chain
    assert len(mailoutbox) == 1


def test_a_mail_server_that_refuses_changes_nothing_in_the_answer(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)

    assert ask(alice.email).text == ask("nobody@example.com").text


def test_who_cannot_log_in_gets_no_link(
    alice: User, charlie: User, mailoutbox: list[EmailMessage]
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    charlie.set_unusable_password()
    charlie.save()

    ask(alice.email)
    ask(charlie.email)

    assert mailoutbox == []


def test_a_link_works_once(alice: User, mailoutbox: list[EmailMessage]) -> None:
    ask(alice.email)
    link = link_in(mailoutbox[0])
    choose(Client(), link)

    again = Client().get(link)

    assert "This link does not work any more" in again.text


def test_a_link_works_for_an_hour(alice: User, mailoutbox: list[EmailMessage]) -> None:
    ask(alice.email)
    link, now = link_in(mailoutbox[0]), timezone.now()

    with time_machine.travel(now + links.RESET_LIFETIME * 0.95):
        in_time = Client().get(link)
    with time_machine.travel(now + links.RESET_LIFETIME * 1.05):
        late = Client().get(link)

    assert in_time.status_code == 302
    assert "does not work any more" in late.text


def test_a_link_is_void_while_its_user_is_deactivated(
    alice: User, mailoutbox: list[EmailMessage]
) -> None:
    ask(alice.email)

    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert "does not work any more" in Client().get(link_in(mailoutbox[0])).text


def test_a_reset_link_is_no_invitation(alice: User, mailoutbox: list[EmailMessage]) -> None:
    ask(alice.email)
    link = link_in(mailoutbox[0]).replace("/password-reset/", "/invitation/")

    assert "This invitation does not work any more" in Client().get(link).text


@pytest.mark.parametrize("link", ["/password-reset/x/y-z/", "/password-reset/MQ/-/"])
def test_a_made_up_link_is_no_error(link: str, client: Client, db: None) -> None:
    assert "does not work any more" in client.get(link).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"new_password1": "", "new_password2": ""}, "Choose a password."),
        ({"new_password2": "other"}, "didn’t match"),
        ({"new_password1": "alice@example.com", "new_password2": "alice@example.com"}, "similar"),
        ({"new_password1": "password", "new_password2": "password"}, "too common"),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_words(
    changes: dict[str, str], words: str, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    ask(alice.email)

    page = choose(Client(), link_in(mailoutbox[0]), **changes)

    assert words in page.text
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("email", "words"), [("", "Enter your e-mail address."), ("nonsense", "valid email address")]
)
def test_an_address_that_is_none_is_refused_in_words(email: str, words: str, db: None) -> None:
    assert words in ask(email).text


def test_a_new_password_ends_other_sessions_and_a_pause(
    as_alice: Client, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    fail(alice.email)
    ask(alice.email)

    choose(Client(), link_in(mailoutbox[0]))

    assert as_alice.get("/").status_code == 302
    assert throttling.locks(alice.email) == {}
    assert attempt(alice.email, NEW).status_code == 302
