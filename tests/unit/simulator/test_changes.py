"""Answers that come with a 200 and are wrong: refusals, cut text, strange labels, no JSON."""

import json
from typing import Any

import anthropic
import pytest
from anthropic.types import Message

from triage.simulator import RunningSimulator

from .helpers import GUIDE, HAIKU, LABELS, OFF, label_schema, output_format, text_of

QUESTION: dict[str, Any] = {
    "model": HAIKU,
    "max_tokens": 500,
    "thinking": OFF,
    "system": GUIDE,
    "messages": [
        {"role": "user", "content": "<ticket>My parcel has not arrived</ticket> Sort it."}
    ],
    "output_config": output_format(label_schema()),
}


def ask(client: anthropic.Anthropic, *, is_stream: bool) -> Message:
    """The answer, plain or put together from a stream."""
    if not is_stream:
        message: Message = client.messages.create(**QUESTION)
        return message
    with client.messages.stream(**QUESTION) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("name", "category", "is_charged"),
    [
        ("refusal", "cyber", False),
        ("refusal(general_harms)", "general_harms", False),
        ("refusal(bio)", "bio", True),
        ("refusal(reasoning_extraction)", "reasoning_extraction", True),
    ],
)
def test_a_refusal_is_empty_and_charged_by_its_category(
    client: anthropic.Anthropic,
    simulator: RunningSimulator,
    name: str,
    category: str,
    is_charged: bool,
    is_stream: bool,
) -> None:
    simulator.set_scenario(name)

    message = ask(client, is_stream=is_stream)

    (row,) = simulator.wait_until_settled()["requests"]
    assert (message.stop_reason, message.content) == ("refusal", [])
    assert message.stop_details is not None
    assert message.stop_details.category == category
    assert (row["outcome"], row["billed"]) == ("answered", is_charged)
    # Haiku 5.5: 100 nano-dollars per input token, no output; shown in usage in either case.
    assert message.usage.input_tokens > 100
    assert row["cost_nanousd"] == message.usage.input_tokens * 100 * is_charged


@pytest.mark.parametrize("is_stream", [False, True])
def test_max_tokens_cuts_the_json_in_its_middle(
    client: anthropic.Anthropic, simulator: RunningSimulator, is_stream: bool
) -> None:
    whole = text_of(ask(client, is_stream=is_stream))
    simulator.set_scenario("maxtokens")

    message = ask(client, is_stream=is_stream)

    assert message.stop_reason == "max_tokens"
    assert whole.startswith(text_of(message))
    assert 0.3 < len(text_of(message)) / len(whole) < 0.6
    assert simulator.rows()[-1]["tokens"]["output"] == message.usage.output_tokens


def test_a_bad_label_is_valid_json_outside_the_list(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    right = json.loads(text_of(ask(client, is_stream=False)))
    simulator.set_scenario("badlabel")

    wrong = json.loads(text_of(ask(client, is_stream=False)))

    assert wrong == {**right, "label": "not-a-label"}


def test_bad_json_is_a_good_answer_that_is_no_json(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("badjson")

    message = ask(client, is_stream=False)

    assert message.stop_reason == "end_turn"
    with pytest.raises(json.JSONDecodeError):
        json.loads(text_of(message))


def test_other_case_is_the_same_value_spelled_otherwise(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    right = json.loads(text_of(ask(client, is_stream=False)))
    simulator.set_scenario("othercase")

    other = json.loads(text_of(ask(client, is_stream=False)))

    assert other["label"] not in LABELS
    assert other["label"].lower() == right["label"]


@pytest.mark.parametrize("name", ["badlabel", "badjson", "othercase"])
def test_prose_is_left_alone(
    client: anthropic.Anthropic, simulator: RunningSimulator, name: str
) -> None:
    prose = {key: value for key, value in QUESTION.items() if key != "output_config"}
    right = text_of(client.messages.create(**prose))
    simulator.set_scenario(name)

    assert text_of(client.messages.create(**prose)) == right


@pytest.mark.parametrize("name", ["badlabel", "badjson", "othercase", "maxtokens", "refusal"])
def test_a_forced_tool_survives_every_change(
    client: anthropic.Anthropic, simulator: RunningSimulator, name: str
) -> None:
    simulator.set_scenario(name)
    tool: Any = {"name": "sort", "input_schema": label_schema()}
    rest = {key: value for key, value in QUESTION.items() if key != "output_config"}

    message = client.messages.create(
        **rest, tools=[tool], tool_choice={"type": "tool", "name": "sort"}
    )

    assert message.stop_reason in ("tool_use", "max_tokens", "refusal")


def test_a_rate_of_changes_is_about_kept(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("badlabel:0.3", seed=4)

    labels = [json.loads(text_of(ask(client, is_stream=False)))["label"] for _ in range(60)]

    assert 8 < labels.count("not-a-label") < 30
