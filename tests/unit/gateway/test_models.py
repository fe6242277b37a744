"""What the client learns of a model's life."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.gateway.upstream import Act, Canned, Upstream, failure
from triage.exceptions import ConnectionLost, ModelGone, Overloaded, UpstreamSilent
from triage.services.gateway import client
from triage.services.gateway.catalog import HAIKU, SONNET
from triage.services.gateway.client import Lifecycle, ModelFacts
from triage.simulator import RunningSimulator

ACTIVE = {
    "id": SONNET,
    "type": "model",
    "display_name": "Claude Sonnet 5.5",
    "created_at": "2026-09-28T00:00:00Z",
    "lifecycle": "active",
    "deprecated_at": None,
    "retires_at": None,
}


def test_an_active_model_has_no_end(upstream: Upstream) -> None:
    upstream.says_at(f"/v1/models/{SONNET}", Canned(ACTIVE))

    assert client.get_model(SONNET) == ModelFacts(SONNET, Lifecycle.ACTIVE, None, None)


def test_a_deprecated_model_says_since_when_and_until_when(upstream: Upstream) -> None:
    ending = {
        "lifecycle": "deprecated",
        "deprecated_at": "2026-09-30T00:00:00Z",
        "retires_at": "2026-11-30T18:00:00+02:00",
    }
    upstream.says(Canned({**ACTIVE, **ending}))

    facts = client.get_model(SONNET)

    assert facts.lifecycle is Lifecycle.DEPRECATED
    assert facts.deprecated_at == datetime(2026, 9, 30, tzinfo=UTC)
    assert facts.retires_at == datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(404, "not_found_error"), ModelGone),
        (failure(529, "overloaded_error"), Overloaded),
        (Canned((Act.STALL,)), UpstreamSilent),
        (Canned(b"<html>Please log in</html>"), ConnectionLost),
        (Canned({**ACTIVE, "lifecycle": "asleep"}), ConnectionLost),
        (Canned({**ACTIVE, "retires_at": "soon"}), ConnectionLost),
    ],
    ids=["unknown", "overloaded", "silent", "a page", "a stage unknown", "no time"],
)
def test_what_goes_wrong_is_one_of_our_errors(
    upstream: Upstream, answer: Canned, error: type[Any]
) -> None:
    upstream.says(answer)

    with pytest.raises(error):
        client.get_model(SONNET, seconds=0.5)


def test_the_simulators_models_have_a_life_of_their_own(
    own_clients: None, claude: RunningSimulator
) -> None:
    claude.set_scenario(f"retiring@{HAIKU}")

    retiring, active = client.get_model(HAIKU), client.get_model(SONNET)

    assert (retiring.id, retiring.lifecycle) == (HAIKU, Lifecycle.DEPRECATED)
    assert retiring.retires_at
    assert (active.lifecycle, active.retires_at) == (Lifecycle.ACTIVE, None)
    with pytest.raises(ModelGone):
        client.get_model("claude-sonnet-9")
