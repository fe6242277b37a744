"""Each documented rule answers 400 and names the field."""

from typing import Any

import anthropic
import pytest

from .helpers import HAIKU, HAIKU_4_5, OFF, SONNET, label_schema, output_format, say

OPUS = "claude-opus-5-5"
TOOL = {"name": "sort", "input_schema": {"type": "object", "additionalProperties": False}}
MARK = {"type": "ephemeral"}


def mark(n: int, ttl: str = "5m") -> list[dict[str, Any]]:
    """`n` system blocks with a breakpoint each."""
    return [{"type": "text", "text": "x", "cache_control": MARK | {"ttl": ttl}} for _ in range(n)]


def refusal(client: anthropic.Anthropic, **fields: Any) -> str:
    """The message of the 400 that a request gets."""
    request: dict[str, Any] = {
        "model": HAIKU,
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}],
    }
    request |= fields
    extra = {name: request.pop(name) for name in list(request) if name not in KNOWN}
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**request, extra_body=extra)
    assert caught.value.type == "invalid_request_error"
    return str(caught.value.api_message)


KNOWN = {
    "model", "max_tokens", "messages", "system", "thinking", "tools", "tool_choice", "stop_sequences",
    "output_config", "cache_control", "stream",
}  # fmt: skip


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k", "seed", "prompt"])
def test_unknown_fields_and_sampling_are_refused(client: anthropic.Anthropic, name: str) -> None:
    assert refusal(client, **{name: 1}) == f"{name}: Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (SONNET, {"thinking": OFF}),
        (OPUS, {"thinking": OFF}),
        (OPUS, {"thinking": {"type": "between_tools"}}),
        (HAIKU, {"thinking": OFF, "output_config": {"effort": "xhigh"}}),
        (HAIKU, {"thinking": OFF, "output_config": {"effort": "max"}}),
        (HAIKU, {"thinking": {"type": "between_tools"}}),
        (SONNET, {"thinking": {"type": "between_tools"}, "output_config": {"effort": "max"}}),
        (HAIKU_4_5, {"thinking": {"type": "adaptive"}}),
        (HAIKU_4_5, {"thinking": {"type": "enabled", "budget_tokens": 9}}),
        (HAIKU_4_5, {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 2000}),
        (HAIKU, {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000}),
        (HAIKU, {"thinking": {"type": "deep"}}),
    ],
)
def test_thinking_the_model_does_not_take_is_refused(
    client: anthropic.Anthropic, model: str, fields: dict[str, Any]
) -> None:
    message = refusal(client, model=model, **fields)

    assert message.startswith(("thinking", "max_tokens"))


def test_effort_is_refused_where_it_is_unknown(client: anthropic.Anthropic) -> None:
    message = refusal(client, model=HAIKU_4_5, output_config={"effort": "low"})

    assert message.startswith("output_config.effort")


@pytest.mark.parametrize("model", [SONNET, OPUS])
@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "sort"}])
def test_forced_tools_are_refused(
    client: anthropic.Anthropic, model: str, choice: dict[str, Any]
) -> None:
    message = refusal(client, model=model, tools=[TOOL], tool_choice=choice)

    assert message.startswith("tool_choice")


@pytest.mark.parametrize("model", [HAIKU, SONNET, OPUS, "claude-sonnet-4-6"])
def test_prefill_is_refused_from_4_6_on(client: anthropic.Anthropic, model: str) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "{"}]

    assert "prefill" in refusal(client, model=model, messages=turns)


def test_prefill_is_taken_by_haiku_4_5(client: anthropic.Anthropic) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "{"}]

    assert say(client, model=HAIKU_4_5, messages=turns).stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        ([], "messages"),
        ([{"role": "user", "content": ""}], "messages.0.content"),
        (
            [{"role": "user", "content": [{"type": "text", "text": " "}]}],
            "messages.0.content.0.text",
        ),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages.0.content.0.text"),
        ([{"role": "user"}], "messages.0.content"),
        ([{"role": "system", "content": "x"}], "messages.0.role"),
        ([{"role": "user", "content": [{"type": "wish"}]}], "messages.0.content.0.type"),
    ],
)
def test_malformed_messages_are_refused_by_path(
    client: anthropic.Anthropic, messages: list[Any], named: str
) -> None:
    assert refusal(client, messages=messages).startswith(f"{named}:")


def test_empty_system_block_is_refused(client: anthropic.Anthropic) -> None:
    assert refusal(client, system=[{"type": "text", "text": ""}]).startswith("system.0.text")


@pytest.mark.parametrize("name", ["model", "messages", "max_tokens"])
def test_required_fields_are_named(client: anthropic.Anthropic, name: str) -> None:
    fields: dict[str, Any] = {"model": HAIKU, "max_tokens": 5, "messages": [{}]}
    del fields[name]

    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post("/v1/messages", body=fields, cast_to=object)

    assert caught.value.api_message == f"{name}: Field required"


def test_max_tokens_above_the_model_is_refused(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="64000"):
        say(client, model=HAIKU_4_5, max_tokens=64_001, timeout=5)


def test_prompt_longer_than_the_context_is_refused(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        say(client, "word " * 170_000, model=HAIKU_4_5)


def test_a_fifth_breakpoint_is_refused(client: anthropic.Anthropic) -> None:
    assert "Found 5" in refusal(client, system=mark(5))
    assert "Found 5" in refusal(client, system=mark(4), cache_control=MARK)


def test_longer_ttl_after_a_shorter_one_is_refused(client: anthropic.Anthropic) -> None:
    assert "ttl" in refusal(client, system=[*mark(1, "5m"), *mark(1, "1h")])


def obj(**properties: Any) -> dict[str, Any]:
    """A closed object whose properties are all required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


LOOP = obj(next={"$ref": "#/$defs/Loop"})
MAYBE = {"anyOf": [{"type": "string"}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "object", "properties": {}}, "additionalProperties"),
        (obj(a={"type": "object", "properties": {}}), "additionalProperties"),
        (obj(a={"type": "number", "minimum": 0}), "minimum"),
        (obj(a={"type": "number", "maximum": 1}), "maximum"),
        (obj(a={"type": "integer", "multipleOf": 2}), "multipleOf"),
        (obj(a={"type": "string", "minLength": 1}), "minLength"),
        (obj(a={"type": "string", "maxLength": 9}), "maxLength"),
        (obj(a={"type": "array", "items": {"type": "string"}, "minItems": 2}), "minItems"),
        (obj(a={"type": "array", "items": {"type": "string"}, "maxItems": 2}), "maxItems"),
        (obj(a={"type": "string", "pattern": "(?=x)"}), "pattern"),
        (obj(a={"type": "string", "format": "phone"}), "format"),
        (obj(a={"oneOf": [{"type": "string"}]}), "a schema needs"),
        (obj(a={"$ref": "https://example.com/schema"}), "external"),
        (obj(a={"enum": []}), "enum"),
        (obj(a={"enum": [{}]}), "enum"),
        ({**LOOP, "$defs": {"Loop": LOOP}}, "recursive"),
        ({**obj(), "properties": {f"p{n}": {"type": "string"} for n in range(25)}}, "24 optional"),
        (obj(**{f"p{n}": MAYBE for n in range(17)}), "16 union"),
    ],
)
def test_schema_limits_are_enforced(
    client: anthropic.Anthropic, schema: dict[str, Any], named: str
) -> None:
    message = refusal(client, output_config=output_format(schema))

    assert message.startswith("output_config.format.schema:")
    assert named in message


def test_schema_within_the_limits_is_taken(client: anthropic.Anthropic) -> None:
    schema = obj(**{f"p{n}": MAYBE for n in range(14)}, list={"type": "array", "minItems": 1,
                 "items": {"$ref": "#/$defs/Item"}})  # fmt: skip

    whole = {**schema, "$defs": {"Item": label_schema()}}  # its two unions make 16

    reply = say(client, output_config=output_format(whole))

    assert reply.stop_reason == "end_turn"


@pytest.mark.parametrize("name", ["speed", "inference_geo", "container"])
def test_features_that_change_price_or_content_are_refused_not_ignored(
    client: anthropic.Anthropic, name: str
) -> None:
    assert refusal(client, **{name: "fast"}).startswith(f"{name}:")
