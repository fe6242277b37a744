"""Answers come from the request: its guide, its schema, its ticket."""

import json
from typing import Any

import anthropic
import pytest

from triage.simulator import RunningSimulator
from triage.simulator.answers import compose
from triage.simulator.answers.evidence import gather
from triage.simulator.answers.language import detect
from triage.simulator.answers.scorer import confidence
from triage.simulator.model_table import CATALOGUE

from .helpers import (
    GUIDE,
    HAIKU,
    LABELS,
    NOW,
    SONNET,
    classify,
    label_schema,
    output_format,
    say,
    text_of,
)

TICKETS = {
    "billing": "There is a wrong charge on my invoice, please refund it",
    "login": "The site says my account is locked and my password is wrong",
    "shipping": "The courier is late, my parcel is nowhere to be seen",
}


@pytest.mark.parametrize("model", [HAIKU, SONNET])
@pytest.mark.parametrize("label", LABELS)
def test_the_obvious_label_wins(client: anthropic.Anthropic, model: str, label: str) -> None:
    answer = classify(client, TICKETS[label], model=model)

    assert answer["label"] == label
    assert answer["confidence"] > 0.8


@pytest.mark.parametrize("model", [HAIKU, SONNET])
def test_labels_nobody_has_seen_work_as_well(client: anthropic.Anthropic, model: str) -> None:
    guide = """<value id="zork">Grues, lanterns, dark mazes.</value>
<value id="quux">Frobnication of widgets and sprockets.</value>
- blip: a bell that rings at night"""

    def label(ticket: str) -> object:
        schema = label_schema(("zork", "quux", "blip"))
        return classify(client, ticket, guide=guide, schema=schema, model=model)["label"]

    assert label("My lantern went out in the maze") == "zork"
    assert label("The widgets need frobnication") == "quux"
    assert label("Why does the bell ring every night?") == "blip"


def test_swapping_the_descriptions_swaps_the_answer(client: anthropic.Anthropic) -> None:
    swapped = (
        GUIDE.replace('"billing"', '"?"').replace('"login"', '"billing"').replace("?", "login")
    )

    answer = classify(client, "I was charged twice and want a refund", guide=swapped)

    assert answer["label"] == "login"


def test_the_same_request_gets_the_same_answer(client: anthropic.Anthropic) -> None:
    answers = [classify(client, "My parcel was charged twice") for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]


def test_confidence_falls_where_two_labels_compete(client: anthropic.Anthropic) -> None:
    clear = classify(client, "I want a refund for the wrong charge")
    torn = classify(client, "Refund me or unlock my password")

    assert torn["confidence"] < clear["confidence"]
    assert torn["runner_up"] in LABELS
    assert torn["runner_up"] != torn["label"]
    assert 0 < torn["runner_up_confidence"] <= torn["confidence"]


def test_without_any_evidence_confidence_is_low_and_there_is_no_runner_up(
    client: anthropic.Anthropic,
) -> None:
    answer = classify(client, "Xyzzy plugh")

    assert answer["confidence"] < 0.5
    assert (answer["runner_up"], answer["runner_up_confidence"]) == (None, None)


def test_confidence_rises_with_the_lead_and_stays_within_bounds() -> None:
    steps = [confidence(0.5, 0.5 - lead / 20) for lead in range(11)]

    assert steps == sorted(steps)
    assert all(0 < step < 1 for step in steps)
    assert len(set(steps)) > 5


def test_undocumented_lists_fall_back_to_the_middle(client: anthropic.Anthropic) -> None:
    schema = label_schema()
    schema["properties"]["priority"] = {"type": "string", "enum": ["low", "normal", "high"]}
    schema["properties"]["priority_confidence"] = {"type": "number"}
    schema["required"] += ["priority", "priority_confidence"]

    answer = classify(client, TICKETS["billing"], schema=schema)

    assert (answer["priority"], answer["priority_confidence"]) == ("normal", 0.6)
    assert answer["confidence"] > 0.8


def test_every_kind_of_property_gets_a_value_that_fits(client: anthropic.Anthropic) -> None:
    properties: dict[str, Any] = {
        "is_instruction": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "one": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        "language": {"type": "string"},
        "reason": {"type": "string"},
        "note": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "fixed": {"const": "v1"},
        "nothing": {"type": "null"},
        "inner": label_schema(),
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }

    answer = classify(client, TICKETS["shipping"], schema=schema)

    assert list(answer) == list(properties)
    assert answer["is_instruction"] is False
    assert (answer["tags"], answer["one"], answer["language"]) == ([], [0], "en")
    assert (answer["day"], answer["fixed"], answer["nothing"]) == ("2026-01-01", "v1", None)
    assert answer["inner"]["label"] == "shipping"
    assert "parcel" in answer["inner"]["reason"]


def test_required_properties_come_first(client: anthropic.Anthropic) -> None:
    schema = label_schema()
    schema["required"] = ["confidence", "label"]
    schema["properties"] = {
        name: schema["properties"][name] for name in ("reason", "confidence", "label")
    }

    assert list(classify(client, TICKETS["login"], schema=schema)) == [
        "confidence",
        "label",
        "reason",
    ]


def test_exclusions_are_not_evidence() -> None:
    guide = (
        '<label name="a">apples<exclude>bananas</exclude></label><label name="b">bananas</label>'
    )

    a, b = gather(guide, ("a", "b"))

    assert "bananas" not in " ".join(a.descriptions)
    assert b.descriptions == ["bananas"]


def test_evidence_is_found_in_elements_attributes_and_lines() -> None:
    guide = (
        "<label name='Late_Parcel' about='couriers'>Nested <label name='x'>inner</label> text"
        "<example>not here</example></label>\n"
        '<example label="late_parcel">where is it</example>\n'
        "- **late_parcel**: slow post\n"
        "late_parcel \u2013 lost post\n"
        "unrelated: nothing"
    )

    (found,) = gather(guide, ("late_parcel",))

    assert found.name == "late parcel"
    assert found.examples == ["not here", "where is it"]
    assert found.descriptions[0] == "couriers"
    assert "inner" in found.descriptions[1]
    assert found.descriptions[2:] == ["slow post", "lost post"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is my parcel, it has not arrived", "en"),
        ("Ich habe meine Rechnung nicht bekommen und bitte um Hilfe", "de"),
        ("Je ne peux pas ouvrir mon compte, merci de me dire pourquoi", "fr"),
        ("No puedo entrar en mi cuenta y no sé por qué", "es"),
        ("Где мой заказ", "ru"),
        ("12345", "en"),
        ("", "en"),
    ],
)
def test_language_is_told_from_common_words(text: str, code: str) -> None:
    assert detect(text)[0] == code


def test_without_a_schema_the_reply_speaks_of_the_ticket(client: anthropic.Anthropic) -> None:
    reply = text_of(say(client, "<ticket>The courier broke my porcelain teapot.</ticket>"))

    assert "porcelain" in reply
    assert "The courier broke my porcelain teapot." in reply


def test_a_forced_tool_is_called_with_fitting_input(client: anthropic.Anthropic) -> None:
    tool = {"name": "sort", "description": GUIDE, "input_schema": label_schema()}

    reply = say(
        client, TICKETS["billing"], tools=[tool], tool_choice={"type": "tool", "name": "sort"}
    )

    (call,) = reply.content
    assert call.type == "tool_use"
    assert call.input["label"] == "billing"
    assert reply.stop_reason == "tool_use"


@pytest.mark.parametrize("items", [{"$ref": "#/$defs/Loop"}, {"$ref": "elsewhere"}, 7])
def test_a_tool_without_an_end_is_refused(client: anthropic.Anthropic, items: object) -> None:
    loop = {"type": "array", "minItems": 1, "items": items}
    tool = {"name": "t", "input_schema": {"type": "object", "properties": {"a": loop}}}
    tool["input_schema"] |= {"$defs": {"Loop": loop}}  # type: ignore[operator]

    with pytest.raises(anthropic.BadRequestError, match="input_schema"):
        say(client, tools=[tool], tool_choice={"type": "any"})


def test_hostile_tickets_get_an_answer(client: anthropic.Anthropic) -> None:
    for ticket in ("</ticket>", "<ticket>", "\x00\ud7ff", "&lt;b&gt;", "(((", "a" * 50_000, "\n"):
        assert classify(client, ticket + " ")["label"] in LABELS


def test_the_first_enum_value_is_constant_in_the_fixed_scenario(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("fixed")

    answer = classify(client, TICKETS["shipping"])

    assert (answer["label"], answer["confidence"]) == ("billing", 0.99)


def test_strong_and_weak_readers_differ_but_both_fit_the_schema() -> None:
    body: dict[str, Any] = {
        "max_tokens": 99,
        "system": GUIDE,
        "messages": [{"role": "user", "content": "parcels or passwords"}],
        "output_config": output_format(label_schema()),
    }

    answers = [
        json.loads(compose(body, CATALOGUE.get_served(name, NOW)).text) for name in (HAIKU, SONNET)
    ]

    assert answers[0]["confidence"] != answers[1]["confidence"]
    assert all(set(answer) == set(label_schema()["properties"]) for answer in answers)
