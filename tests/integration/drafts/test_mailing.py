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
from triage.services import drafts
from triage.services.drafts import mailing


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


def send(draft: Draft, by: User) -> Draft:
    drafts.send(draft.pk, body="It comes tomorrow.", by=by)
    return reread(draft)


def make_due(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(mail_due_at=timezone.now() - timedelta(seconds=5))


def test_the_reply_goes_to_the_customer_as_an_answer_to_their_subject(
    draft: Draft, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    send(draft, alice)

    drafts.mail(draft.pk)

    (mail,) = mailoutbox
    assert mail.to == ["maria@example.com"]
    assert mail.subject == "Re: Broken lid"
    assert mail.body == "It comes tomorrow."
    assert mail.from_email == "Support <support@example.com>"
    assert mail.reply_to == ["tickets@example.com"]
    assert mail.extra_headers["Message-ID"] == f"<triage-draft-{draft.pk}@example.com>"
    assert reread(draft).mailed_at


def test_it_is_mailed_once_however_often_the_task_runs(
    draft: Draft, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    send(draft, alice)

    drafts.mail(draft.pk)
    drafts.mail(draft.pk)

    assert len(mailoutbox) == 1
    assert drafts.sweep() == 0


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

    sent = send(draft, alice)
    drafts.mail(draft.pk)

    assert (sent.state, sent.mail_due_at) == (DraftState.SENT, None)
    assert mailoutbox == []


def test_a_mail_that_fails_is_tried_again_later_and_the_message_stays(
    draft: Draft, alice: User, broken_server: None
) -> None:
    send(draft, alice)

    drafts.mail(draft.pk)

    failed = reread(draft)
    assert (failed.mail_tries, failed.mailed_at) == (1, None)
    assert failed.mail_due_at
    assert failed.mail_due_at > timezone.now() + timedelta(seconds=30)
    assert Message.objects.get().body == "It comes tomorrow."
    assert drafts.sweep() == 0
    make_due(draft)
    assert drafts.sweep() == 1


def test_after_the_last_try_it_is_given_up(draft: Draft, alice: User, broken_server: None) -> None:
    send(draft, alice)

    for _ in range(mailing.TRIES + 1):
        make_due(draft)
        drafts.mail(draft.pk)

    make_due(draft)
    assert reread(draft).mail_tries == mailing.TRIES
    assert drafts.sweep() == 0


def test_a_subject_that_is_an_answer_already_stays_as_it_is(
    draft: Draft, alice: User, mailoutbox: list[EmailMessage]
) -> None:
    Ticket.objects.update(subject="RE: Broken lid")
    send(draft, alice)

    drafts.mail(draft.pk)

    assert mailoutbox[0].subject == "RE: Broken lid"
