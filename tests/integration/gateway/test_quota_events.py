"""What a budget's events are about."""

import json

import pytest

from tests.integration.gateway.conftest import Ask
from triage.exceptions import BudgetExceeded
from triage.models import Budget, Event, EventKind
from triage.services.webhooks.bodies import build_bodies
from triage.simulator import RunningSimulator


@pytest.fixture
def others(transactional_db: None) -> None:
    """Budgets that have room."""
    Budget.objects.create(scope="feature", key="draft", period="day", hard_nanousd=10**9)
    Budget.objects.create(scope="feature", key="classify", period="month", hard_nanousd=10**9)


def test_an_event_of_a_used_up_budget_names_it(
    others: None, ask: Ask, claude: RunningSimulator
) -> None:
    budget = Budget.objects.create(scope="feature", key="classify", period="day", hard_nanousd=1)

    with pytest.raises(BudgetExceeded):
        ask()

    event = Event.objects.get()
    assert (event.kind, event.about_id) == (EventKind.QUOTA_EXCEEDED, budget.pk)
    told = json.loads(build_bodies([event])[event.pk])["data"]
    assert told["budget"]["id"] == budget.pk
    assert told["limit"] == "the budget of classify for this day"


def test_an_event_of_a_soft_limit_names_its_budget(
    others: None, ask: Ask, claude: RunningSimulator
) -> None:
    budget = Budget.objects.create(scope="installation", period="day", soft_nanousd=1)

    ask()

    event = Event.objects.get()
    assert (event.kind, event.about_id) == (EventKind.QUOTA_WARNING, budget.pk)
