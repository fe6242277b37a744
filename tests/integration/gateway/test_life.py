"""Models that live, retire and are gone, as `check_models` and the saving of a route see them."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from triage.models import Alert, Feature, FeatureRoute, FeatureRouteHop, Lifecycle, ModelLife
from triage.services.gateway import life, routes
from triage.services.gateway.catalog import HAIKU, HAIKU_4_5, SONNET
from triage.services.gateway.life import Problem, validate_route
from triage.services.gateway.routes import Hop
from triage.simulator import RunningSimulator

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def fresh_routes() -> None:
    routes.forget()


def check() -> str:
    out = StringIO()
    call_command("check_models", stdout=out, stderr=out)
    return out.getvalue()


def open_alerts() -> set[tuple[str, str]]:
    return set(Alert.objects.filter(resolved_at=None).values_list("kind", "scope"))


def route_to(model: str) -> None:
    row = FeatureRoute.objects.create(
        feature=Feature.EVALUATE, attempt_seconds=5, deadline_seconds=5, max_cost_nanousd=10**9
    )
    FeatureRouteHop.objects.create(route=row, position=1, model=model)
    routes.forget()


def known(model: str, lifecycle: Lifecycle) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    ModelLife.objects.create(model=model, lifecycle=lifecycle, checked_at=long_ago)


def test_every_model_on_a_route_is_looked_up_and_kept(claude: RunningSimulator) -> None:
    said = check()

    assert set(ModelLife.objects.values_list("model", flat=True)) == set(life.models_on_routes())
    row = next(line for line in said.splitlines() if HAIKU in line)
    assert "active" in row
    assert "classify" in row
    assert open_alerts() == set()


def test_a_model_that_retires_within_sixty_days_warns_and_is_no_error(
    claude: RunningSimulator,
) -> None:
    with claude.outage(f"retiring@{SONNET}"):
        said = check()

    row = ModelLife.objects.get(model=SONNET)
    assert row.lifecycle == Lifecycle.DEPRECATED
    assert row.retires_at is not None
    assert f"{SONNET} retires in {(row.retires_at - timezone.now()).days} days." in said
    assert open_alerts() == {("model_retiring", SONNET)}


def test_a_retired_model_on_a_route_is_an_error_and_an_alert(claude: RunningSimulator) -> None:
    with claude.outage(f"retired@{HAIKU_4_5}"), pytest.raises(CommandError, match=HAIKU_4_5):
        check()

    assert open_alerts() == {("model_gone", HAIKU_4_5)}
    assert ModelLife.objects.get(model=HAIKU_4_5).lifecycle == Lifecycle.RETIRED


def test_alerts_that_no_longer_hold_are_resolved(claude: RunningSimulator) -> None:
    with claude.outage(f"retiring@{SONNET}+retired@{HAIKU_4_5}"), pytest.raises(CommandError):
        check()
    Alert.objects.create(kind="model_gone", scope="on-no-route", message="x")

    check()

    assert open_alerts() == set()


@pytest.mark.parametrize("model", ["claude-sonnet-4-20250514", "claude-nonsense-9"])
def test_a_configured_model_that_nobody_serves_is_an_error(
    claude: RunningSimulator, model: str
) -> None:
    route_to(model)

    with pytest.raises(CommandError, match=model):
        check()


def test_a_provider_that_cannot_be_reached_is_one_line_and_changes_nothing(
    settings: Settings,
) -> None:
    settings.ANTHROPIC_BASE_URL = NOWHERE
    known(HAIKU, Lifecycle.DEPRECATED)

    with pytest.raises(CommandError, match="the models cannot be looked up: Claude could not"):
        check()

    assert ModelLife.objects.get().lifecycle == Lifecycle.DEPRECATED
    assert open_alerts() == set()


def test_in_the_background_models_are_asked_once_a_day(claude: RunningSimulator) -> None:
    life.check_models_daily()
    first = set(ModelLife.objects.values_list("checked_at", flat=True))
    life.check_models_daily()
    again = set(ModelLife.objects.values_list("checked_at", flat=True))
    ModelLife.objects.filter(model=HAIKU).update(checked_at=timezone.now() - timedelta(days=1))
    life.check_models_daily()

    assert first == again
    assert ModelLife.objects.get(model=HAIKU).checked_at > max(first)


def test_in_the_background_an_outage_is_no_error(settings: Settings) -> None:
    settings.ANTHROPIC_BASE_URL = NOWHERE

    life.check_models_daily()

    assert not ModelLife.objects.exists()


def test_a_good_route_has_no_problems(claude: RunningSimulator) -> None:
    assert validate_route([Hop(SONNET, 2), Hop(HAIKU, 1)]) == []


def test_each_bad_hop_is_named(claude: RunningSimulator) -> None:
    with claude.outage(f"retired@{HAIKU_4_5}+retiring@{SONNET}"):
        problems = validate_route([Hop("gpt", 1), Hop(HAIKU_4_5, 1), Hop(SONNET, 1)])

    assert problems[:2] == [
        Problem(0, "gpt is not in the model table."),
        Problem(1, "Haiku 4.5 is retired."),
    ]
    assert problems[2].is_warning
    assert problems[2].text.startswith("Sonnet 5.5 is deprecated; it retires on 20")


def test_without_the_provider_what_it_said_last_decides(settings: Settings) -> None:
    settings.ANTHROPIC_BASE_URL = NOWHERE
    known(HAIKU_4_5, Lifecycle.RETIRED)
    known(SONNET, Lifecycle.ACTIVE)

    problems = validate_route([Hop(HAIKU_4_5, 1), Hop(SONNET, 1), Hop(HAIKU, 1)])

    assert [(each.hop, each.is_warning) for each in problems] == [
        (0, False),
        (0, True),
        (1, True),
        (2, True),
    ]
    assert "last known: active" in problems[2].text
    assert "nothing is known of it" in problems[3].text
