"""Every model that may be asked is known, priced, alive, and shaped for."""

import anthropic.resources.messages.messages as sdk
import pytest

from triage.services.gateway.catalog import CATALOG, name_of
from triage.services.gateway.pricing import card_of
from triage.services.gateway.routes import ROUTES, Route

ON_ROUTES = sorted({hop.model for route in ROUTES.values() for hop in route.hops})


@pytest.mark.parametrize("model", ON_ROUTES)
def test_every_model_on_a_route_is_in_the_table_and_has_a_price(model: str) -> None:
    assert CATALOG[model].id == model
    assert card_of(model).model == model


@pytest.mark.parametrize("model", sorted(CATALOG))
def test_every_model_of_the_table_has_a_price_and_a_name_for_people(model: str) -> None:
    assert card_of(model).base.output > 0
    assert name_of(model) != model


@pytest.mark.parametrize("model", ON_ROUTES)
def test_no_model_on_a_route_is_on_the_sdks_list_of_ending_models(model: str) -> None:
    assert model not in sdk.DEPRECATED_MODELS


@pytest.mark.parametrize("route", ROUTES.values(), ids=list(ROUTES))
def test_a_route_tries_each_model_and_ends_in_time(route: Route) -> None:
    models = [hop.model for hop in route.hops]

    assert len(models) == len(set(models)) > 0
    assert all(hop.tries >= 1 for hop in route.hops)
    assert 0 < route.attempt_seconds <= route.deadline_seconds
