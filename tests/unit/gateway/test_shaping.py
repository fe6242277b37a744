"""One request in the shape that each model takes: what one needs, the next answers with a 400."""

from typing import Any

import pytest

from triage.services.gateway import Request
from triage.services.gateway.catalog import CATALOG, HAIKU, HAIKU_4_5, SONNET, SONNET_5
from triage.services.gateway.shaping import shape

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
REQUEST = Request(
    system="The guide.",
    content=("<ticket>Help</ticket>", "Sort the ticket."),
    max_tokens=400,
    schema=SCHEMA,
    prompt_version="p1",
    taxonomy_version="t1",
)
DISABLED = {"type": "disabled"}
# What turns thinking off, or as low as it goes, by the models' own pages.
RULES: dict[str, tuple[dict[str, str] | None, str | None]] = {
    HAIKU: (DISABLED, "low"),  # thinks unless told; `disabled` is a 400 above effort high
    HAIKU_4_5: (None, None),  # does not think unless asked; `effort` is a 400
    SONNET: ({"type": "between_tools"}, "low"),  # `disabled` is a 400
    SONNET_5: (DISABLED, "low"),
    "claude-sonnet-4-6": (None, "low"),  # does not think unless asked
    "claude-opus-5-5": (None, "low"),  # always thinks
}
REFUSED = {"temperature", "top_p", "top_k", "stream", "metadata", "tool_choice", "prompt_version"}


def breakpoints(node: Any, path: str = "") -> list[str]:
    """Where a `cache_control` stands in a body."""
    if isinstance(node, dict):
        here = [path] if "cache_control" in node else []
        return here + [p for key, sub in node.items() for p in breakpoints(sub, f"{path}/{key}")]
    if isinstance(node, list):
        return [p for n, sub in enumerate(node) for p in breakpoints(sub, f"{path}/{n}")]
    return []


@pytest.mark.parametrize("model", CATALOG)
def test_thinking_is_as_low_as_the_model_allows(model: str) -> None:
    body = shape(REQUEST, model)

    assert body.get("thinking") == RULES[model][0]
    assert ("thinking" in body) == (RULES[model][0] is not None)


@pytest.mark.parametrize("model", CATALOG)
def test_effort_is_sent_only_where_the_model_takes_it(model: str) -> None:
    output = shape(REQUEST, model)["output_config"]

    assert output.get("effort") == RULES[model][1]
    assert ("effort" in output) == (RULES[model][1] is not None)


@pytest.mark.parametrize("model", CATALOG)
def test_no_body_has_a_field_that_the_api_refuses_or_that_is_none_of_its_business(
    model: str,
) -> None:
    body = shape(REQUEST, model)

    assert not REFUSED & set(body)
    assert set(body) <= {"model", "max_tokens", "system", "messages", "thinking", "output_config"}


@pytest.mark.parametrize("model", CATALOG)
def test_the_one_cache_breakpoint_ends_the_system_prompt(model: str) -> None:
    body = shape(REQUEST, model)

    assert breakpoints(body) == ["/system/0"]
    assert body["system"][-1]["cache_control"] == {"type": "ephemeral"}
    assert [block["text"] for block in body["system"]] == ["The guide."]


@pytest.mark.parametrize("model", CATALOG)
def test_the_document_comes_before_the_instruction_in_one_user_message(model: str) -> None:
    (message,) = shape(REQUEST, model)["messages"]

    assert message["role"] == "user"
    assert [block["text"] for block in message["content"]] == list(REQUEST.content)


@pytest.mark.parametrize("model", CATALOG)
def test_the_schema_is_sent_as_the_output_format(model: str) -> None:
    sent = shape(REQUEST, model)["output_config"]["format"]

    assert sent == {"type": "json_schema", "schema": SCHEMA}


def test_without_schema_and_effort_there_is_no_output_config() -> None:
    plain = Request("The guide.", ("Hello",), max_tokens=10)

    assert "output_config" not in shape(plain, HAIKU_4_5)
    assert shape(plain, HAIKU)["output_config"] == {"effort": "low"}


@pytest.mark.parametrize(("model", "limit"), [(HAIKU_4_5, 64_000), (HAIKU, 128_000)])
def test_max_tokens_never_passes_the_models_limit(model: str, limit: int) -> None:
    long = Request("The guide.", ("Hello",), max_tokens=500_000)

    assert shape(long, model)["max_tokens"] == limit


def test_shaping_for_one_model_leaves_the_next_ones_body_alone() -> None:
    before = shape(REQUEST, SONNET)

    shape(REQUEST, HAIKU)["output_config"]["effort"] = "max"

    assert shape(REQUEST, SONNET) == before
