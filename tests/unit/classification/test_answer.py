"""Claude's answer is read as it came; what makes no sense is refused or left out, never guessed."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.classification.builders import answer_text, label, taxonomy
from triage.models import Field, Priority
from triage.services.classification.answer import (
    REASON_MAX_CHARACTERS,
    SENTIMENTS,
    Answer,
    BadAnswer,
    Guess,
    answer_schema,
    parse,
)

BOTH = taxonomy(label("refund"), label("Login"))
WITH_NONE = taxonomy(label("none"), label("refund"))

junk: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**400)
    | st.floats()
    | st.text()
    | st.sampled_from(["refund", "LOGIN", "urgent", "negative", "en", "\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = tuple(answer_schema(("refund",))["properties"])


def read(text: str) -> Answer:
    return parse(text, BOTH)


def test_a_whole_answer_is_read_as_it_came() -> None:
    found = read(answer_text("refund", 0.93, runner_up="Login", runner_up_confidence=0.04))

    assert found == Answer(
        label=Guess("refund", 0.93),
        runner_up=Guess("Login", 0.04),
        reason="It asks for money back.",
        sides={
            Field.PRIORITY: Guess("normal", 0.9),
            Field.SENTIMENT: Guess("neutral", 0.9),
            Field.LANGUAGE: Guess("en", 0.9),
        },
    )


@pytest.mark.parametrize(
    "text",
    ["", "refund", "{", '{"label": "refund"', "[1, 2]", '"refund"', "null", "12", "[" * 100_000],
    ids=lambda text: text[:12] or "nothing",
)
def test_what_is_no_json_object_is_a_bad_answer(text: str) -> None:
    with pytest.raises(BadAnswer, match="JSON"):
        read(text)


@pytest.mark.parametrize(
    "slug", ["invoice", "", " refund", "refund\n", "refund login", None, 1, True, ["refund"], {}]
)
def test_a_label_that_is_not_in_the_taxonomy_is_a_bad_answer(slug: object) -> None:
    with pytest.raises(BadAnswer, match="not in the taxonomy"):
        read(answer_text(slug))


def test_an_answer_without_a_label_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="not in the taxonomy"):
        read('{"confidence": 0.9}')


@pytest.mark.parametrize("said", ["login", "LOGIN", "Login", "lOGIN"])
def test_a_label_in_another_case_is_the_taxonomys_label(said: str) -> None:
    assert read(answer_text(said)).label.value == "Login"


def test_a_missing_label_is_not_taken_for_a_label_called_none() -> None:
    with pytest.raises(BadAnswer):
        parse(answer_text(None), WITH_NONE)
    assert parse(answer_text("refund", runner_up=None), WITH_NONE).runner_up is None
    assert parse(answer_text("none"), WITH_NONE).label.value == "none"


@pytest.mark.parametrize(
    "confidence",
    [
        *(-0.01, 1.01, 85, float("nan"), float("inf"), float("-inf"), 10**400),
        *(True, False, "0.9", "high", None, [0.9], {}),
    ],
    ids=lambda value: str(value)[:8],
)
def test_a_confidence_that_is_no_number_from_0_to_1_is_a_bad_answer(confidence: object) -> None:
    with pytest.raises(BadAnswer, match="confidence"):
        read(answer_text("refund", confidence))


def test_an_answer_without_a_confidence_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="confidence"):
        read('{"label": "refund"}')


@pytest.mark.parametrize("confidence", [0, 1, 0.0, 1.0, 0.5])
def test_both_ends_of_the_range_are_confidences(confidence: float) -> None:
    assert read(answer_text("refund", confidence)).label.confidence == confidence


@pytest.mark.parametrize(
    "second", ["refund", "REFUND", None, "", "invoice", 7, True, ["Login"]], ids=str
)
def test_a_runner_up_that_is_the_label_again_or_no_label_is_none(second: object) -> None:
    found = read(answer_text("Refund", runner_up=second, runner_up_confidence=0.4))

    assert found.runner_up is None


@pytest.mark.parametrize("confidence", [None, "0.4", 7, float("nan"), True])
def test_a_runner_up_without_a_sensible_confidence_stays_with_none(confidence: object) -> None:
    found = read(answer_text("refund", runner_up="LOGIN", runner_up_confidence=confidence))

    assert found.runner_up == Guess("Login", 0.0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.PRIORITY, "highest"),
        (Field.PRIORITY, 2),
        (Field.PRIORITY, None),
        (Field.SENTIMENT, "furious"),
        (Field.SENTIMENT, ["negative"]),
        (Field.LANGUAGE, "english"),
        (Field.LANGUAGE, "e"),
        (Field.LANGUAGE, "12"),
        (Field.LANGUAGE, "ру"),
        (Field.LANGUAGE, None),
    ],
)
def test_a_side_field_that_makes_no_sense_is_left_out_and_spoils_nothing(
    field: Field, value: object
) -> None:
    found = read(answer_text("refund", 0.9, **{field.value: value}))

    assert field not in found.sides
    assert len(found.sides) == 2
    assert found.label == Guess("refund", 0.9)


@pytest.mark.parametrize("confidence", [1.2, float("nan"), True, "sure", None])
@pytest.mark.parametrize("field", [Field.PRIORITY, Field.SENTIMENT, Field.LANGUAGE])
def test_a_side_field_needs_a_confidence_of_its_own(field: Field, confidence: object) -> None:
    found = read(answer_text("refund", 0.9, **{f"{field.value}_confidence": confidence}))

    assert field not in found.sides


def test_side_values_are_compared_without_case_and_blanks() -> None:
    found = read(answer_text(priority="URGENT", sentiment=" Negative", language="DE "))

    assert {field: guess.value for field, guess in found.sides.items()} == {
        Field.PRIORITY: "urgent",
        Field.SENTIMENT: "negative",
        Field.LANGUAGE: "de",
    }


def test_the_reason_is_bounded_and_fit_to_be_stored() -> None:
    found = read(answer_text(reason="No\x00 light\ud800 on the hub. " + "x" * 2_000))

    assert found.reason.startswith("No light on the hub. x")
    assert len(found.reason) == REASON_MAX_CHARACTERS


@pytest.mark.parametrize("reason", [None, 0, "", [], {}])
def test_an_empty_reason_is_empty(reason: object) -> None:
    assert read(answer_text(reason=reason)).reason == ""


@given(st.dictionaries(st.sampled_from(KEYS), junk) | junk)
def test_whatever_json_comes_the_answer_is_usable_or_bad(data: object) -> None:
    try:
        found = read(json.dumps(data))
    except BadAnswer:
        return

    assert found.label.value in BOTH.labels
    assert 0 <= found.label.confidence <= 1
    assert found.runner_up is None or found.runner_up.value in BOTH.labels
    assert all(0 <= guess.confidence <= 1 for guess in found.sides.values())
    found.reason.encode()


@given(st.text() | st.text('{}[]",:0123456789eE+-.nulltrefas \\ud'))
def test_whatever_text_comes_it_is_an_answer_or_bad(text: str) -> None:
    with suppress(BadAnswer):
        assert read(text).label.value in BOTH.labels


# --- the schema


def test_the_schema_lists_exactly_the_taxonomys_labels() -> None:
    properties = answer_schema(("a", "b"))["properties"]

    assert properties["label"]["enum"] == ["a", "b"]
    assert {"type": "null"} in properties["runner_up"]["anyOf"]
    assert properties["priority"]["enum"] == list(Priority.values)
    assert properties["sentiment"]["enum"] == list(SENTIMENTS)


def test_the_schema_asks_for_everything_and_bounds_nothing_that_the_api_refuses() -> None:
    schema = answer_schema(("a", "b"))

    assert schema["required"] == list(schema["properties"])
    assert schema["additionalProperties"] is False
    refused = ("minimum", "maximum", "minLength", "maxLength", "multipleOf")
    assert not any(f'"{word}"' in json.dumps(schema) for word in refused)


def test_the_reason_is_written_before_the_label_it_leads_to() -> None:
    assert KEYS[:3] == ("reason", "label", "confidence")
