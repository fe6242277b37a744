"""A sent reply is mailed to the customer where mail is set up; a mail that fails is tried again and loses nothing."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
import redis
from django.conf import settings as configured
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.integration.drafts.cases import ready, reread
from triage.models import Draft, DraftState, Message, Requester, Ticket
from triage.services import drafts, tickets
from triage.services.tickets import mailing


@pytest.fixture(autouse=True)
def mail_is_set_up(settings: Settings) -> None:
    settings.TRIAGE_MAILS_REPLIES = True
    settings.DEFAULT_FROM_EMAIL = "Support <support@example.com>"
    settings.TRIAGE_REPLY_TO = "tickets@example.com"


@pytest.fixture
def draft(ticket: Ticket, alice: User) -> Draft:
    return ready(ticket.pk, by=alice)


@pytest.fixture
def broken_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: EmailMessage) -> None:
        raise SMTPServerDisconnected("please run connect() first")

    monkeypatch.setattr(EmailMessage, "send", fail)


def send(draft: Draft, by: User) -> Message:
    return drafts.send(draft.pk, body="It comes tomorrow.", by=by)


def make_due(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(mail_due_at=timezone.now() - timedelta(seconds=5))


def test_the_reply_goes_to_the_customer_as_an_answer_to_their_subject(
    draft: Draft, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    message = send(draft, alice)

    tickets.mail(message.pk)

    (mail,) = mailoutbox
    assert mail.to == ["maria@example.com"]
    assert mail.subject == "Re: Broken lid"
    assert mail.body == "It comes tomorrow."
    assert mail.from_email == "Support <support@example.com>"
    assert mail.reply_to == ["tickets@example.com"]
    assert mail.extra_headers["Message-ID"] == f"<triage-message-{message.pk}@example.com>"
    message.refresh_from_db()
    assert message.mailed_at


def test_it_is_mailed_once_however_often_the_task_runs(
    draft: Draft, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    message = send(draft, alice)

    tickets.mail(message.pk)
    tickets.mail(message.pk)

    assert len(mailoutbox) == 1
    assert tickets.send_due() == 0


def test_sending_leaves_the_mail_to_a_task(draft: Draft, alice: User) -> None:
    broker = redis.Redis.from_url(configured.REDIS_URL)
    before = broker.llen("drafts")

    send(draft, alice)

    assert broker.llen("drafts") == before + 1
    broker.close()


@pytest.mark.parametrize("has_address", [True, False])
def test_nothing_is_mailed_without_a_mail_server_or_an_address(
    draft: Draft,
    alice: User,
    mailoutbox: list[EmailMessage],
    settings: Settings,
    has_address: bool,
) -> None:
    if has_address:
        settings.TRIAGE_MAILS_REPLIES = False
    else:
        Requester.objects.update(email="")

    message = send(draft, alice)
    tickets.mail(message.pk)

    assert (reread(draft).state, message.mail_due_at) == (DraftState.SENT, None)
    assert mailoutbox == []


def test_a_mail_that_fails_is_tried_again_later_and_the_message_stays(
    draft: Draft, alice: User, broken_server: None
) -> None:
    failed = send(draft, alice)

    tickets.mail(failed.pk)

    failed.refresh_from_db()
    assert (failed.mail_tries, failed.mailed_at) == (1, None)
    assert failed.mail_due_at
    assert failed.mail_due_at > timezone.now() + timedelta(seconds=30)
    assert Message.objects.get().body == "It comes tomorrow."
    assert tickets.send_due() == 0
    make_due(failed)
    assert tickets.send_due() == 1


def test_after_the_last_try_it_is_given_up(draft: Draft, alice: User, broken_server: None) -> None:
    message = send(draft, alice)

    for _ in range(mailing.TRIES + 1):
        make_due(message)
        tickets.mail(message.pk)

    make_due(message)
    message.refresh_from_db()
    assert message.mail_tries == mailing.TRIES
    assert tickets.send_due() == 0


def test_a_subject_that_is_an_answer_already_stays_as_it_is(
    draft: Draft, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    Ticket.objects.update(subject="RE: Broken lid")
    message = send(draft, alice)

    tickets.mail(message.pk)

    assert mailoutbox[0].subject == "RE: Broken lid"


def test_a_reply_without_a_draft_is_mailed_too_and_a_message_of_the_api_is_not(
    ticket: Ticket, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    sent = tickets.add_message(ticket.pk, body="Tomorrow.", by=alice, is_mailed=True)
    stored = tickets.add_message(ticket.pk, body="Told by phone.", by=alice)

    for message in (sent, stored):
        tickets.mail(message.pk)

    assert [mail.body for mail in mailoutbox] == ["Tomorrow."]
