"""Models that end by scenario, in the lookup and in what answers."""

from datetime import UTC, datetime, timedelta

import anthropic
import pytest

from triage.simulator import RunningSimulator

from .helpers import HAIKU, NOW, SONNET, say


def test_a_retired_model_is_a_404_and_the_lookup_says_why(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("retired@haiku-5-5")

    model = client.models.retrieve(HAIKU)
    with pytest.raises(anthropic.NotFoundError) as caught:
        say(client)
    with pytest.raises(anthropic.NotFoundError):
        client.messages.count_tokens(model=HAIKU, messages=[{"role": "user", "content": "x"}])

    (row,) = simulator.bill()["requests"]
    assert caught.value.api_message == f"model: {HAIKU}"
    assert (row["outcome"], row["status"], row["cost_nanousd"]) == ("refused", 404, 0)
    assert model.lifecycle == "retired"
    assert model.deprecated_at is not None
    assert model.retires_at is not None
    assert model.deprecated_at < model.retires_at <= datetime.fromtimestamp(NOW, UTC)
    assert say(client, model=SONNET).model == SONNET


def test_a_retired_model_leaves_the_list(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("retired@sonnet-5-5")

    assert SONNET not in {model.id for model in client.models.list()}
    assert SONNET in {model.id for model in client.models.list(lifecycle=["retired"])}


def test_a_retiring_model_answers_and_has_thirty_days(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("retiring@haiku-5-5")

    model = client.models.retrieve(HAIKU)

    today = datetime.fromtimestamp(NOW, UTC).replace(hour=0)
    assert say(client).model == HAIKU
    assert (model.lifecycle, model.retires_at) == ("deprecated", today + timedelta(days=30))
    assert model.deprecated_at == today - timedelta(days=30)


def test_an_active_model_has_no_end(client: anthropic.Anthropic) -> None:
    model = client.models.retrieve(HAIKU)

    assert (model.lifecycle, model.deprecated_at, model.retires_at) == ("active", None, None)
    assert model.capabilities is not None
    assert model.capabilities.batch.supported
