"""Faults of batches: lines that expire or fail, creations that are lost, calls that break."""

import json
from typing import Any

import anthropic
import pytest

from triage.simulator import RunningSimulator

from .helpers import label_schema, output_format, say, text_of
from .test_batches import create, results, wait

QUICK = "batchseconds(0.1)+"


def test_lines_expire_and_fail_at_their_rates_and_cost_nothing(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario(QUICK + "batchexpired:0.3+batcherrored:0.3", seed=3)

    batch = wait(client, create(client, 40))

    counts = batch.request_counts
    lines = results(client, batch)
    kinds = [line.result.type for line in lines.values()]
    assert 4 < counts.expired < 22
    assert 2 < counts.errored < 20
    assert counts.expired + counts.errored + counts.succeeded == 40
    assert kinds.count("expired") == counts.expired
    assert simulator.bill()["totals"]["billed"] == counts.succeeded
    assert len(simulator.rows(outcome="expired", cost_nanousd=0)) == counts.expired
    assert len(simulator.rows(outcome="faulted", status=500)) == counts.errored


def test_a_lost_creation_has_happened(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario(QUICK + "batchlostx1")

    with pytest.raises(anthropic.APIConnectionError):
        create(client)

    (batch,) = client.messages.batches.list()
    assert wait(client, batch).request_counts.succeeded == 3
    assert simulator.wait_until_settled()["totals"]["billed"] == 3


def test_a_creation_whose_answer_is_cut_has_happened_too(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario(QUICK + "cut@batchesx1")

    with pytest.raises((anthropic.APIConnectionError, json.JSONDecodeError)):
        create(client)

    assert len(client.messages.batches.list().data) == 1


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("529", anthropic.OverloadedError),
        ("500", anthropic.InternalServerError),
        ("429(2)", anthropic.RateLimitError),
        ("413", anthropic.ContentTooLargeError),
        ("reset", anthropic.APIConnectionError),
    ],
)
def test_live_faults_strike_the_calls_only_where_they_name_them(
    client: anthropic.Anthropic,
    simulator: RunningSimulator,
    name: str,
    error: type[anthropic.APIError],
) -> None:
    simulator.set_scenario(f"{name}@batches")
    with pytest.raises(error):
        create(client)
    with pytest.raises(error):
        client.messages.batches.list()
    assert say(client).stop_reason == "end_turn"

    simulator.set_scenario(QUICK + name)

    assert simulator.rows(billed=False) == []
    assert wait(client, create(client)).request_counts.succeeded == 3
    with pytest.raises(error):
        say(client)


def test_a_silent_call_creates_nothing(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("silence@batches")

    with pytest.raises(anthropic.APITimeoutError):
        create(client.with_options(timeout=0.2))

    simulator.set_scenario("calm")
    assert list(client.messages.batches.list()) == []


def test_changed_answers_strike_lines_as_they_strike_live_requests(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario(QUICK + "badlabelx1+refusalx2")

    batch = wait(client, create(client, 3, output_config=output_format(label_schema())))

    lines = results(client, batch)
    messages: list[Any] = [getattr(lines[f"line-{n}"].result, "message", None) for n in range(3)]
    assert json.loads(text_of(messages[0]))["label"] == "not-a-label"
    assert [message.stop_reason for message in messages] == ["end_turn", "refusal", "refusal"]
    assert simulator.bill()["totals"]["billed"] == 1


def test_lines_for_a_retired_model_are_errored(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario(QUICK + "retired@haiku")

    assert wait(client, create(client)).request_counts.errored == 3
