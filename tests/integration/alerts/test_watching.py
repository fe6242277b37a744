"""Alerts on figures open once, stay while they are on the brink, and resolve by themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.integration.alerts.cases import a_rule
from triage.models import Alert, AlertKind, AlertRule, RollupState
from triage.services import alerts
from triage.services.alerts import watching
from triage.services.alerts.readings import Reading
from triage.services.alerts.rules import RULES, Rule

Install = Callable[..., None]
ERRORS = AlertKind.ERROR_RATE
pytestmark = pytest.mark.django_db


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts rules in the place of all others."""

    def install(*wanted: Rule) -> None:
        monkeypatch.setattr(watching, "RULES", {rule.kind: rule for rule in wanted})

    return install


def reads(*values: float | None, limit: float = 10, scope: str = "") -> Rule:
    """A rule on errors that reads one value after the other, and then the last one for good."""
    left = list(values)

    def read(now: datetime, own: float | None) -> list[Reading]:
        value = left.pop(0) if len(left) > 1 else left[0]
        most = limit if own is None else own
        return [Reading(value, most, value is not None and value > most, f"It is {value}.", scope)]

    return a_rule(read)


def breaks() -> Rule:
    def read(now: datetime, own: float | None) -> list[Reading]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")
        return []

    return a_rule(read, kind=AlertKind.SLOW)


def open_kinds() -> set[str]:
    return set(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))


def test_what_is_over_its_limit_opens_one_alert_and_is_seen_again(rules: Install) -> None:
    rules(reads(11, 12))

    alerts.watch()
    alerts.watch()

    alert = Alert.objects.get()
    assert (alert.kind, alert.message, alert.times) == (ERRORS, "It is 12.", 2)
    assert alert.resolved_at is None


@pytest.mark.parametrize(
    ("value", "is_open"), [(9.9, True), (9.1, True), (9, False), (0, False), (None, True)]
)
def test_an_alert_is_over_once_the_value_is_back_by_a_tenth(
    rules: Install, value: float | None, is_open: bool
) -> None:
    rules(reads(11, value))

    alerts.watch()
    alerts.watch()

    assert (Alert.objects.get().resolved_at is None) is is_open


@pytest.mark.parametrize(("value", "is_open"), [(50, True), (54.9, True), (55, False)])
def test_a_value_below_a_floor_is_over_once_it_is_back_by_a_tenth_of_the_rest(
    rules: Install, value: float, is_open: bool
) -> None:
    given = [40.0, value]

    def read(now: datetime, own: float | None) -> list[Reading]:
        found = given.pop(0)
        return [Reading(found, 50, found < 50, "The cache.")]

    rules(a_rule(read, kind=AlertKind.CACHE_MISSES, is_floor=True))

    alerts.watch()
    alerts.watch()

    assert (Alert.objects.get().resolved_at is None) is is_open


def test_a_rule_that_ends_quietly_needs_nothing_to_end(rules: Install) -> None:
    def read(now: datetime, own: float | None) -> list[Reading]:
        return []

    Alert.objects.open_once(AlertKind.SLOW, scope="draft", message="Slow.")
    rules(a_rule(read, kind=AlertKind.SLOW, ends_quietly=True))

    alerts.watch()

    assert open_kinds() == set()


def test_what_no_longer_happens_at_all_is_over_after_a_day(rules: Install) -> None:
    Alert.objects.open_once(ERRORS, scope="", message="Errors.")
    rules(reads(None))
    alerts.watch()
    was_open = open_kinds()
    Alert.objects.update(last_seen_at=timezone.now() - timedelta(days=1, minutes=1))

    alerts.watch()

    assert (was_open, open_kinds()) == ({ERRORS}, set())


def test_other_scopes_and_other_kinds_stay_as_they_are(rules: Install) -> None:
    Alert.objects.open_once(ERRORS, scope="elsewhere", message="Errors.")
    Alert.objects.open_once(AlertKind.BREAKER_OPEN, scope="m", message="It fails.")
    rules(reads(11, 0))

    alerts.watch()
    alerts.watch()

    assert open_kinds() == {ERRORS, AlertKind.BREAKER_OPEN}
    assert Alert.objects.filter(resolved_at=None).count() == 2


def test_a_rule_that_fails_stops_no_other(rules: Install, caplog: pytest.LogCaptureFixture) -> None:
    rules(breaks(), reads(11))

    alerts.watch()

    assert open_kinds() == {ERRORS}
    assert "an alert's rule failed" in caplog.text


def test_a_rule_that_fails_resolves_nothing(rules: Install) -> None:
    Alert.objects.open_once(AlertKind.SLOW, message="Slow.")
    rules(breaks())

    alerts.watch()

    assert open_kinds() == {AlertKind.SLOW}


def test_an_admin_s_limit_is_what_counts(rules: Install) -> None:
    AlertRule.objects.create(kind=ERRORS, limit=20)
    rules(reads(11))

    alerts.watch()

    assert open_kinds() == set()


def test_a_rule_that_is_switched_off_opens_nothing_and_ends_what_was_open(rules: Install) -> None:
    rules(reads(11))
    alerts.watch()
    AlertRule.objects.create(kind=ERRORS, is_on=False)

    alerts.watch()

    assert open_kinds() == set()
    assert Alert.objects.count() == 1


def test_old_cells_neither_open_nor_resolve_anything(rules: Install) -> None:
    RollupState.objects.update_or_create(
        id=1, defaults={"refreshed_at": timezone.now() - timedelta(minutes=9)}
    )
    rules(reads(11))

    alerts.watch()

    assert not Alert.objects.exists()


def test_every_kind_that_opens_by_a_figure_has_a_rule_under_its_own_name() -> None:
    assert all(kind is rule.kind for kind, rule in RULES.items())
    assert len(RULES) == 11
