"""Alerts are told once each: an event for the webhooks, a mail to whom it concerns, and again once a snooze has ended."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.urls import resolve
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from tests.integration.webhooks.cases import add_webhook
from triage.models import Alert, AlertKind, Delivery, Event, EventKind
from triage.selectors import alerts as selectors
from triage.services import alerts, webhooks
from triage.services.alerts import mailing, telling, watching

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def no_rules(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Nothing opens by itself here."""
    monkeypatch.setattr(watching, "RULES", {})
    settings.TRIAGE_ALERT_EMAILS = ["ops@example.com"]


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A mail server that is down until `undo`."""

    def refuse(self: object, messages: object) -> int:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    return monkeypatch


def add_alert(kind: AlertKind = AlertKind.BREAKER_OPEN, scope: str = "claude-haiku-5-5") -> Alert:
    Alert.objects.open_once(kind, scope=scope, message="Haiku 5.5 keeps failing: overloaded.")
    return Alert.objects.order_by("pk").last() or Alert()


def kinds_told() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def test_an_alert_is_told_once_by_an_event_and_by_a_mail(db: None) -> None:
    alert = add_alert()

    alerts.watch()
    alerts.watch()

    event = Event.objects.get()
    assert (event.kind, event.about_id, event.changes) == (EventKind.ALERT_OPENED, alert.pk, {})
    assert [message.to for message in mail.outbox] == [["ops@example.com"]]
    alert.refresh_from_db()
    assert alert.told_at is not None


def test_the_mail_says_what_is_wrong_what_to_do_and_which_page_explains_it(
    db: None, settings: Settings
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://triage.example.com"]
    add_alert()

    alerts.watch()

    (message,) = mail.outbox
    assert message.subject == "[Triage] A model is failing and is left alone: Haiku 5.5"
    assert "Haiku 5.5 keeps failing: overloaded." in message.body
    assert "What to do: Nothing has to be done at once" in message.body
    assert "https://triage.example.com/admin/health/?model=claude-haiku-5-5\n" in message.body
    assert "https://triage.example.com/admin/triage/alert/" in message.body
    assert "simulated" in message.body


def test_a_message_with_a_line_break_breaks_no_header(db: None) -> None:
    add_alert(scope="a\nBcc: eve@example.com")

    alerts.watch()

    assert "\n" not in mail.outbox[0].subject


def test_without_addresses_all_admins_are_mailed(
    alice: User, bob: User, charlie: User, settings: Settings
) -> None:
    settings.TRIAGE_ALERT_EMAILS = []
    User.objects.create_user("gone@example.com", role=Role.ADMIN, is_active=False)
    add_alert()

    alerts.watch()

    assert mail.outbox[0].to == [bob.email]


def test_with_nobody_to_mail_it_is_told_all_the_same(db: None, settings: Settings) -> None:
    settings.TRIAGE_ALERT_EMAILS = []
    add_alert()

    alerts.watch()

    assert (mail.outbox, kinds_told()) == ([], ["alert.opened"])
    assert Event.objects.get().changes == {}


def test_a_mail_that_fails_is_sent_a_minute_later_and_the_webhooks_do_not_wait(
    db: None, down: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add_alert()
    add_alert(AlertKind.KEY_REJECTED, "")

    alerts.watch()
    told_while_down = kinds_told()
    down.undo()
    mailing.send_due()
    mailing.send_due()

    assert told_while_down == ["alert.opened", "alert.opened"]
    assert "an alert was not mailed" in caplog.text
    assert len(mail.outbox) == 2


def test_an_address_that_no_header_can_hold_keeps_no_other_alert_waiting(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = add_alert(), add_alert(AlertKind.KEY_REJECTED, "")
    build = mailing.build_mail

    def build_some(alert: Alert, **rest: object) -> object:
        if alert == bad:
            raise ValueError("a header")
        return build(alert, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(mailing, "build_mail", build_some)

    alerts.watch()

    assert len(mail.outbox) == 1
    assert Event.objects.get(about_id=good.pk).changes == {}
    assert Event.objects.get(about_id=bad.pk).changes == mailing.MAIL_IS_DUE


def test_the_mark_and_the_event_are_there_together_or_not_at_all(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = add_alert()
    monkeypatch.setattr(Event.objects, "record", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        alerts.watch()

    alert.refresh_from_db()
    assert (alert.told_at, Event.objects.count()) == (None, 0)


def test_its_end_is_told_to_webhooks_once(db: None) -> None:
    alert = add_alert()
    alerts.watch()
    Alert.objects.resolve(alert.kind, scope=alert.scope)

    alerts.watch()
    alerts.watch()

    assert kinds_told() == ["alert.opened", "alert.resolved"]
    assert len(mail.outbox) == 1


def test_what_was_over_before_anybody_was_told_is_not_told(db: None) -> None:
    alert = add_alert()
    Alert.objects.resolve(alert.kind, scope=alert.scope)

    alerts.watch()

    assert (kinds_told(), mail.outbox) == ([], [])


def test_a_snoozed_alert_is_not_told_and_does_not_count_as_open(bob: User) -> None:
    alert = add_alert()
    add_alert(AlertKind.KEY_REJECTED, "")

    alerts.snooze([alert.pk], lasting=HOUR, by=bob)
    alerts.watch()

    assert selectors.count_open() == 1
    assert list(Event.objects.values_list("about_id", flat=True)) != [alert.pk]
    assert Event.objects.count() == 1
    alert.refresh_from_db()
    assert alert.snoozed_by == bob


def test_one_that_is_still_open_when_its_snooze_ends_is_told_again(bob: User) -> None:
    alert = add_alert()
    alerts.watch()
    alerts.snooze([alert.pk], lasting=HOUR, by=bob)
    Alert.objects.update(told_at=timezone.now() - 2 * HOUR)
    alerts.watch()
    told_during = kinds_told()
    Alert.objects.update(snoozed_until=timezone.now() - timedelta(minutes=1))

    alerts.watch()
    alerts.watch()

    assert told_during == ["alert.opened"]
    assert kinds_told() == ["alert.opened", "alert.opened"]
    assert len(mail.outbox) == 2
    assert selectors.count_open() == 1


def test_who_wakes_an_alert_is_not_told_what_they_know(bob: User) -> None:
    alert = add_alert()
    alerts.watch()
    alerts.snooze([alert.pk], lasting=HOUR, by=bob)

    woken = alerts.wake([alert.pk], by=bob)
    alerts.watch()

    assert (woken, selectors.count_open(), kinds_told()) == (1, 1, ["alert.opened"])


def test_a_resolved_alert_is_not_snoozed(bob: User) -> None:
    alert = add_alert()
    Alert.objects.resolve(alert.kind, scope=alert.scope)

    assert alerts.snooze([alert.pk], lasting=HOUR, by=bob) == 0


def test_watchers_at_once_tell_each_alert_once(transactional_db: None) -> None:
    for number in range(12):
        add_alert(scope=f"model-{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _watch_and_leave(), range(4)))
    alerts.watch()

    assert Event.objects.count() == 12
    assert len(mail.outbox) == 12


def _watch_and_leave() -> None:
    try:
        alerts.watch()
    finally:
        connection.close()


def test_a_webhook_is_told_of_the_alert_and_of_its_end(db: None) -> None:
    add_webhook("https://93.184.216.34/", EventKind.ALERT_OPENED, EventKind.ALERT_RESOLVED)
    alert = add_alert()
    telling.tell()
    webhooks.tell()
    Alert.objects.resolve(alert.kind, scope=alert.scope)
    alerts.watch()

    webhooks.tell()

    opened, resolved = (json.loads(row.body) for row in Delivery.objects.order_by("pk"))
    said = opened["data"]["alert"]
    assert (opened["type"], resolved["type"]) == ("alert.opened", "alert.resolved")
    assert opened["data"].keys() == {"by_id", "alert"}
    assert (said["id"], said["kind"], said["scope"]) == (
        alert.pk,
        "breaker_open",
        "claude-haiku-5-5",
    )
    assert said["resolved_at"] is None
    assert resolved["data"]["alert"]["resolved_at"].endswith("Z")


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_has_a_page_that_explains_it_and_says_what_to_do(kind: AlertKind) -> None:
    meaning = alerts.MEANINGS[kind]
    pages = {"costs", "cache", "health", "quotas", "quality", "doctor", "automation"}
    lists = {"triage_batch_changelist", "triage_webhook_changelist"}

    found = resolve(meaning.page)

    assert found.namespace == "admin"
    assert found.url_name in pages | lists
    assert meaning.advice.endswith(".")


def test_the_page_is_asked_for_what_the_alert_is_about() -> None:
    cache = alerts.MEANINGS[AlertKind.CACHE_MISSES]
    costs = alerts.MEANINGS[AlertKind.COST_DAY]

    assert cache.address("claude-haiku-5-5") == "/admin/cache/?model=claude-haiku-5-5"
    assert cache.address("") == "/admin/cache/"
    assert costs.address("x") == "/admin/costs/"
