"""What the gateway does on its own: leases end, and alerts whose reason has passed are resolved."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from tests.integration.gateway.conftest import Ask, build_request
from triage.exceptions import BudgetExceeded
from triage.models import Alert, AlertKind, Budget
from triage.services import gateway
from triage.services.gateway import fleet
from triage.services.gateway.catalog import HAIKU
from triage.simulator import RunningSimulator


def is_open(kind: AlertKind) -> bool:
    return Alert.objects.filter(kind=kind, resolved_at=None).exists()


def was_last_seen(ago: timedelta) -> None:
    Alert.objects.update(last_seen_at=timezone.now() - ago)


@pytest.fixture
def refused(ask: Ask, claude: RunningSimulator) -> Budget:
    """A budget that has refused a call, and its open alert."""
    budget = Budget.objects.create(scope="installation", period="month", hard_nanousd=10)
    with pytest.raises(BudgetExceeded):
        ask()
    return budget


def test_a_refusals_alert_stays_while_people_are_being_refused(refused: Budget) -> None:
    gateway.tend()

    assert is_open(AlertKind.BUDGET_HARD)


def test_a_budget_with_room_again_and_nobody_refused_lately_has_no_alert(refused: Budget) -> None:
    was_last_seen(timedelta(hours=2))

    gateway.tend()

    assert not is_open(AlertKind.BUDGET_HARD)


def test_a_budgets_alert_ends_with_its_window(refused: Budget) -> None:
    was_last_seen(timedelta(days=40))

    gateway.tend()

    assert not is_open(AlertKind.BUDGET_HARD)


def test_a_budget_that_is_gone_has_no_alert(refused: Budget) -> None:
    refused.delete()

    gateway.tend()

    assert not is_open(AlertKind.BUDGET_HARD)


def test_a_soft_limit_that_is_still_exceeded_keeps_its_alert(
    ask: Ask, claude: RunningSimulator
) -> None:
    Budget.objects.create(scope="feature", key="classify", period="month", soft_nanousd=1)
    ask()
    was_last_seen(timedelta(hours=2))

    gateway.tend()

    assert is_open(AlertKind.BUDGET_SOFT)


def test_a_breaker_whose_state_redis_has_lost_has_no_alert(
    ask: Ask, claude: RunningSimulator, settings: Settings
) -> None:
    claude.set_scenario("529@haiku-5-5", 0)
    ask(build_request("opens"))
    gateway.tend()
    assert is_open(AlertKind.BREAKER_OPEN)

    cache.clear()
    gateway.tend()

    assert not is_open(AlertKind.BREAKER_OPEN)
    assert fleet.look(HAIKU).is_known
