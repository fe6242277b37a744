"""The pages of alerts: what is open and since when, snoozing, and the rules with their limits."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tests.integration.alerts.cases import a_rule
from triage.models import Alert, AlertKind, AlertRule
from triage.services.alerts import watching
from triage.services.alerts.rules import RULES

ALERTS = "/admin/triage/alert/"
RULE_PAGE = "/admin/triage/alertrule/"


def add_alert(kind: AlertKind = AlertKind.SLOW, scope: str = "draft", **fields: Any) -> Alert:
    Alert.objects.open_once(kind, scope=scope, message="It takes 12 s.")
    Alert.objects.filter(kind=kind, scope=scope).update(**fields)
    return Alert.objects.get(kind=kind, scope=scope)


def act(client: Client, action: str, *chosen: Alert) -> str:
    """What the page says after the action."""
    ids = [alert.pk for alert in chosen]
    answer = client.post(ALERTS, {"action": action, "_selected_action": ids}, follow=True)
    return answer.text


def listed(client: Client, **query: str) -> list[Alert]:
    return list(client.get(ALERTS, query).context["cl"].result_list)


def page(client: Client, address: str) -> str:
    return " ".join(client.get(address).text.split())


def test_open_alerts_come_first_and_resolved_ones_last(as_bob: Client) -> None:
    now = timezone.now()
    awake = add_alert(scope="a", snoozed_until=now - timedelta(hours=1))
    resolved = add_alert(scope="b", resolved_at=now)
    snoozed = add_alert(scope="c", snoozed_until=now + timedelta(hours=1))

    assert listed(as_bob) == [awake, snoozed, resolved]
    assert listed(as_bob, state="open") == [awake]
    assert listed(as_bob, state="snoozed") == [snoozed]
    assert listed(as_bob, state="resolved") == [resolved]
    assert len(listed(as_bob, state="nonsense")) == 3


def test_an_alert_says_how_long_it_lasts_and_leads_to_the_page_that_explains_it(
    as_bob: Client,
) -> None:
    add_alert(opened_at=timezone.now() - timedelta(hours=3, minutes=5))

    html = page(as_bob, ALERTS)

    assert 'href="/admin/health/?feature=draft"' in html
    assert "3 hours" in html
    assert "It takes 12 s." in html


def test_the_page_of_an_alert_says_what_to_do(as_bob: Client) -> None:
    alert = add_alert(AlertKind.BREAKER_OPEN, "claude-haiku-5-5")

    html = page(as_bob, f"{ALERTS}{alert.pk}/change/")

    assert "Nothing has to be done at once" in html
    assert "Haiku 5.5" in html


@pytest.mark.parametrize(
    ("action", "hours", "words"),
    [
        ("snooze_hour", 1, "1 alert is snoozed for an hour."),
        ("snooze_day", 24, "snoozed for a day."),
        ("snooze_week", 168, "snoozed for a week."),
        ("snooze_until_resolved", 365 * 24, "snoozed until resolved."),
    ],
)
def test_an_alert_is_snoozed_for_as_long_as_one_says(
    action: str, hours: int, words: str, as_bob: Client
) -> None:
    alert = add_alert()

    said = act(as_bob, action, alert)

    alert.refresh_from_db()
    assert alert.snoozed_until is not None
    left = alert.snoozed_until - timezone.now()
    assert timedelta(hours=hours) - left < timedelta(minutes=1)
    assert words in said
    assert "Snoozed until" in said


def test_a_snoozed_alert_is_woken(as_bob: Client) -> None:
    alert = add_alert(snoozed_until=timezone.now() + timedelta(hours=1))

    said = act(as_bob, "wake", alert)

    alert.refresh_from_db()
    assert alert.snoozed_until is None
    assert "1 alert is woken." in said


def test_what_is_resolved_by_hand_is_resolved(as_bob: Client) -> None:
    alerts = add_alert(scope="a"), add_alert(scope="b")

    said = act(as_bob, "mark_as_resolved", *alerts)

    assert "2 alerts are resolved." in said
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_the_banner_counts_neither_snoozed_nor_resolved_alerts(as_bob: Client) -> None:
    add_alert(scope="a", resolved_at=timezone.now())
    add_alert(scope="b", snoozed_until=timezone.now() + timedelta(hours=1))
    without = page(as_bob, "/admin/")
    add_alert(scope="c")

    assert "alert is open" not in without
    assert "1 alert is open." in page(as_bob, "/admin/")


def test_every_rule_stands_on_the_page_with_what_it_reads_now(
    as_bob: Client, settings: Settings
) -> None:
    settings.TRIAGE_ALERT_EMAILS = ["ops@example.com"]
    AlertRule.objects.create(kind=AlertKind.SLOW, limit=30, is_on=False)

    html = page(as_bob, RULE_PAGE)

    assert all(f'<th scope="row">{rule.kind.label}</th>' in html for rule in RULES.values())
    assert "1.5 times the mean of the seven days before, and at least $1" in html
    assert "<td>30.0 s</td>" in html
    assert "<td>off</td>" in html
    assert "$0.00" in html
    assert "ops@example.com" in html


def test_a_rule_that_fails_does_not_take_the_page_with_it(
    as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "RULES", {AlertKind.SLOW: a_rule(lambda *_: 1 / 0)})  # type: ignore[arg-type]

    assert "could not be read" in page(as_bob, RULE_PAGE)


def test_a_limit_is_set_in_the_rule_s_unit(as_bob: Client) -> None:
    form = page(as_bob, f"{RULE_PAGE}add/?kind=slow")

    as_bob.post(f"{RULE_PAGE}add/", {"kind": "slow", "limit": "12.5", "is_on": "on"})

    row = AlertRule.objects.get()
    assert "Limit, seconds" in form
    assert "Empty: 10 seconds." in form
    assert (row.kind, row.limit, row.is_on) == ("slow", 12.5, True)
    assert f"{RULE_PAGE}{row.pk}/change/" in page(as_bob, RULE_PAGE)


def test_a_rule_is_changed_and_keeps_its_kind(as_bob: Client) -> None:
    row = AlertRule.objects.create(kind=AlertKind.SLOW, limit=30)

    as_bob.post(f"{RULE_PAGE}{row.pk}/change/", {"kind": "cost_day", "limit": ""})

    row.refresh_from_db()
    assert (row.kind, row.limit, row.is_on) == ("slow", None, False)


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("slow", "-1"), ("slow", "x"), ("slow", "inf"), ("error_rate", "100"), ("redis_down", "1")],
)
def test_a_limit_that_makes_no_sense_is_refused(kind: str, limit: str, as_bob: Client) -> None:
    answer = as_bob.post(f"{RULE_PAGE}add/", {"kind": kind, "limit": limit, "is_on": "on"})

    assert answer.status_code == 200
    assert not AlertRule.objects.exists()


def test_a_kind_that_is_none_in_the_address_is_no_error(as_bob: Client) -> None:
    assert as_bob.get(f"{RULE_PAGE}add/?kind=nonsense").status_code == 200


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_takes_the_same_queries_however_long_it_is(
    rows: int, as_bob: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        add_alert(scope=str(number))

    with django_assert_max_num_queries(6):
        as_bob.get(ALERTS)
