"""Cache diagnostics, by the documented rules, through the real SDK."""

from typing import Any

import anthropic
import pytest

from triage.simulator import RunningSimulator
from triage.simulator.diagnosing import MOST_PRINTS

from .helpers import HAIKU, SONNET, say

LONG = "a" * 4_000  # 1,300 tokens: cached
CACHED = {"type": "ephemeral"}


def ask(
    client: anthropic.Anthropic, text: str = "Hello", *, after: str | None = None, **fields: Any
) -> anthropic.types.Message:
    system = [{"type": "text", "text": fields.pop("guide", LONG), "cache_control": CACHED}]
    return say(client, text, system=system, diagnostics={"previous_message_id": after}, **fields)


def told(message: anthropic.types.Message) -> dict[str, Any] | None:
    if message.diagnostics is None:
        return None
    assert message.diagnostics.cache_miss_reason
    return message.diagnostics.cache_miss_reason.to_dict()


def test_the_first_request_and_one_that_only_goes_on_have_no_diagnosis(
    client: anthropic.Anthropic,
) -> None:
    first = ask(client)
    said = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hello to you"},
        {"role": "user", "content": "Bye"},
    ]

    second = ask(client, after=first.id, messages=said)

    assert told(first) is None
    assert told(second) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"model": SONNET, "thinking": {"type": "between_tools"}}, "model_changed"),
        ({"guide": "b" * 4_000, "text": "Bye"}, "system_changed"),
        (
            {
                "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
                "text": "Bye",
            },
            "tools_changed",
        ),
    ],
)
def test_the_first_difference_is_named_with_the_tokens_that_it_cost(
    client: anthropic.Anthropic, changed: dict[str, Any], reason: str
) -> None:
    first = ask(client)

    second = ask(client, after=first.id, **changed)

    assert told(second) == {"type": reason, "cache_missed_input_tokens": 1_300}


def test_other_words_from_the_user_have_changed_although_the_system_prompt_was_read(
    client: anthropic.Anthropic,
) -> None:
    first = ask(client)

    second = ask(client, "Bye", after=first.id)

    assert second.usage.cache_read_input_tokens == 1_300
    assert told(second) == {"type": "messages_changed", "cache_missed_input_tokens": 0}


def test_another_setting_makes_the_comparison_unavailable(client: anthropic.Anthropic) -> None:
    first = ask(client)

    second = ask(client, after=first.id, output_config={"effort": "low"})

    assert told(second) == {"type": "unavailable"}


def test_a_message_is_not_found_if_it_is_unknown_another_key_s_or_had_asked_for_no_diagnosis(
    client: anthropic.Anthropic,
) -> None:
    theirs = ask(client.with_options(api_key="other"))
    plain = say(client)

    found = [told(ask(client, after=named)) for named in ("msg_1", theirs.id, plain.id)]

    assert found == [{"type": "previous_message_not_found"}] * 3


def test_a_stream_says_it_in_its_first_event(client: anthropic.Anthropic) -> None:
    first = ask(client)

    with client.messages.stream(
        model=HAIKU,
        max_tokens=50,
        thinking={"type": "disabled"},
        messages=[{"role": "user", "content": "Hello"}],
        diagnostics={"previous_message_id": first.id},
    ) as stream:
        last = stream.get_final_message()

    assert told(last) == {"type": "system_changed", "cache_missed_input_tokens": 1_300}


def test_a_reset_forgets_every_message(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    first = ask(client)

    simulator.reset()

    assert told(ask(client, after=first.id)) == {"type": "previous_message_not_found"}


def test_the_oldest_is_forgotten_when_the_memory_is_full(
    client: anthropic.Anthropic, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_PRINTS >= 1_000
    monkeypatch.setattr("triage.simulator.diagnosing.MOST_PRINTS", 2)
    ids = [ask(client).id for _ in range(3)]

    oldest = ask(client, after=ids[0])
    newest = ask(client, after=oldest.id)

    assert told(oldest) == {"type": "previous_message_not_found"}
    assert told(newest) is None


@pytest.mark.parametrize("diagnostics", [{"previous_message_id": 7}, {"previous": None}, "all"])
def test_a_field_that_is_written_wrong_is_refused(
    client: anthropic.Anthropic, diagnostics: Any
) -> None:
    with pytest.raises(anthropic.BadRequestError, match="diagnostics"):
        say(client, diagnostics=diagnostics)
