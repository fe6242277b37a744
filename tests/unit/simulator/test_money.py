"""Tokens, caching and cost, against sums done by hand."""

import json
from typing import Any

import anthropic
import pytest

from triage.simulator import RunningSimulator, pricing
from triage.simulator.model_table import SERVED
from triage.simulator.pricing import Tokens, cost_nanousd

from .helpers import (
    GUIDE,
    HAIKU,
    HAIKU_4_5,
    OFF,
    SONNET,
    TestClock,
    label_schema,
    output_format,
    say,
)

# 4,000 bytes are 1,300 tokens of the new tokenizer (x 13 / 40) and 1,000 of the old one (/ 4).
STATIC = "a" * 4_000


def static(text: str = STATIC, ttl: str = "5m") -> list[dict[str, Any]]:
    """A system prompt that ends in a breakpoint."""
    control = {"type": "ephemeral", "ttl": ttl}
    return [{"type": "text", "text": text, "cache_control": control}]


def cached(message: anthropic.types.Message) -> tuple[int | None, int | None, int]:
    """Written, read and uncached input tokens."""
    use = message.usage
    return use.cache_creation_input_tokens, use.cache_read_input_tokens, use.input_tokens


def test_first_request_writes_and_the_second_reads(client: anthropic.Anthropic) -> None:
    first, second = say(client, system=static()), say(client, system=static())

    # "Where is my parcel?" with its "user: " is 25 bytes: 25 x 13 / 40 = 9 tokens, and 8 + 4 frame.
    assert cached(first) == (1_300, 0, 21)
    assert cached(second) == (0, 1_300, 21)


def test_a_prefix_below_the_floor_is_silently_not_cached(client: anthropic.Anthropic) -> None:
    short = static("a" * 1_572)  # 511 tokens; Haiku 5.5 caches from 512

    replies = [say(client, system=short) for _ in range(2)]

    assert [cached(reply)[:2] for reply in replies] == [(0, 0), (0, 0)]


def test_a_prefix_at_the_floor_is_cached(client: anthropic.Anthropic) -> None:
    assert cached(say(client, system=static("a" * 1_575)))[0] == 512


def test_haiku_4_5_needs_4096_tokens(client: anthropic.Anthropic) -> None:
    below = say(client, model=HAIKU_4_5, system=static("a" * 16_380))
    at = say(client, model=HAIKU_4_5, system=static("a" * 16_384))

    assert cached(below)[0] == 0
    assert cached(at)[0] == 4_096


def test_an_entry_lives_five_minutes_from_the_start_of_its_last_use(
    client: anthropic.Anthropic, clock: TestClock
) -> None:
    say(client, system=static())
    clock.now += 299
    refreshed = say(client, system=static())
    clock.now += 299
    still = say(client, system=static())
    clock.now += 301
    gone = say(client, system=static())

    assert [cached(reply)[1] for reply in (refreshed, still, gone)] == [1_300, 1_300, 0]
    assert cached(gone)[0] == 1_300


def test_an_hour_entry_lives_an_hour(client: anthropic.Anthropic, clock: TestClock) -> None:
    first = say(client, system=static(ttl="1h"))
    clock.now += 3_599
    second = say(client, system=static(ttl="1h"))

    assert first.usage.cache_creation is not None
    assert first.usage.cache_creation.ephemeral_1h_input_tokens == 1_300
    assert first.usage.cache_creation.ephemeral_5m_input_tokens == 0
    assert cached(second)[1] == 1_300


@pytest.mark.parametrize(
    "change",
    [
        {"model": "claude-opus-5"},
        {"thinking": {"type": "adaptive"}},
        {"output_config": output_format(label_schema())},
        {"tools": [{"name": "t", "input_schema": {"type": "object"}}]},
        {"system": static(STATIC + "b")},
    ],
)
def test_what_invalidates_a_prefix_makes_it_cold(
    client: anthropic.Anthropic, change: dict[str, Any]
) -> None:
    say(client, system=static())

    changed = say(client, **{"system": static()} | change)

    assert cached(changed)[1] == 0


def test_organisations_do_not_share_a_cache(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    say(client, system=static())

    with client.with_options(api_key="another") as other:
        assert cached(say(other, system=static()))[1] == 0


def test_a_longer_conversation_reads_its_earlier_prefix(client: anthropic.Anthropic) -> None:
    def turn(n: int) -> dict[str, Any]:
        return {"role": ("user", "assistant")[n % 2], "content": f"{n} {STATIC}"}

    say(client, messages=[turn(0)], cache_control={"type": "ephemeral"})
    longer = say(client, messages=[turn(n) for n in range(3)], cache_control={"type": "ephemeral"})

    # A user turn is "user: 0 " + 4,000 bytes = 4,008: 1,303 tokens (1,302.6 rounded up); the
    # assistant's is 4,013: 1,305 tokens. The first is read, the other two are written.
    assert cached(longer) == (1_305 + 1_303, 1_303, 8 + 3 * 4)


def test_prewarming_writes_without_output(client: anthropic.Anthropic) -> None:
    warm = say(client, max_tokens=0, system=static())
    used = say(client, system=static())

    assert (warm.content, warm.stop_reason, warm.usage.output_tokens) == ([], "max_tokens", 0)
    assert cached(used)[1] == 1_300


def test_counted_tokens_equal_the_bill(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    question: dict[str, Any] = {
        "model": SONNET,
        "system": static(),
        "messages": [{"role": "user", "content": "Where is my parcel?"}],
        "output_config": output_format(label_schema()),
    }

    counted = client.messages.count_tokens(**question).input_tokens
    client.messages.create(max_tokens=200, **question)

    (row,) = simulator.bill()["requests"]
    tokens = row["tokens"]
    assert counted == tokens["input"] + tokens["cache_write_5m"] + tokens["cache_read"]


def test_the_new_tokenizer_counts_30_percent_more(client: anthropic.Anthropic) -> None:
    def count(model: str) -> int:
        ask: Any = [{"role": "user", "content": "a" * 39_994}]
        return client.messages.count_tokens(model=model, messages=ask).input_tokens

    assert count(HAIKU_4_5) == 10_000 + 12
    assert count(HAIKU) == 13_000 + 12


def test_haiku_5_5_write_and_read_cost_what_the_price_list_says(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    outputs = [say(client, system=static()).usage.output_tokens for _ in range(2)]

    costs = [row["cost_nanousd"] for row in simulator.bill()["requests"]]
    # 21 uncached x 100 + 1,300 written x 125 = 164,600; 21 x 100 + 1,300 read x 10 = 15,100.
    assert costs == [164_600 + outputs[0] * 500, 15_100 + outputs[1] * 500]


def test_above_100k_tokens_all_of_a_haiku_5_5_request_is_dearer() -> None:
    at = Tokens(input=60_000, cache_write_5m=20_000, cache_read=20_000, output=10)
    above = Tokens(input=60_001, cache_write_5m=20_000, cache_read=20_000, output=10)

    # 60,000 x 100 + 20,000 x 125 + 20,000 x 10 + 10 x 500
    assert cost_nanousd(at, pricing.HAIKU_5_5) == 6_000_000 + 2_500_000 + 200_000 + 5_000
    # 60,001 x 500 + 20,000 x 625 + 20,000 x 50 + 10 x 2,500
    assert cost_nanousd(above, pricing.HAIKU_5_5) == 30_000_500 + 12_500_000 + 1_000_000 + 25_000


def test_batch_is_half_and_rounds_half_to_even() -> None:
    # 1 x 125 / 2 = 62.5 -> 62; 3 x 125 / 2 = 187.5 -> 188
    assert cost_nanousd(Tokens(cache_write_5m=1), pricing.HAIKU_5_5, batch=True) == 62
    assert cost_nanousd(Tokens(cache_write_5m=3), pricing.HAIKU_5_5, batch=True) == 188


def test_sonnet_5_5_reads_at_a_twentieth() -> None:
    # 1,000 x 100 read + 10 x 2,000 + 5 x 10,000 + 2 x 4,000 written for an hour
    spent = Tokens(input=10, cache_read=1_000, cache_write_1h=2, output=5)

    assert cost_nanousd(spent, pricing.SONNET_5_5) == 100_000 + 20_000 + 50_000 + 8_000


def test_every_served_model_has_a_price() -> None:
    assert all(model.tariff and model.abilities for model in SERVED)


def test_thinking_is_billed_as_output_and_can_be_switched_off(client: anthropic.Anthropic) -> None:
    thoughtful = client.messages.create(
        model=HAIKU, max_tokens=500, messages=[{"role": "user", "content": "Where is my parcel?"}]
    )
    quick = say(client)

    assert [block.type for block in thoughtful.content] == ["thinking", "text"]
    assert [block.type for block in quick.content] == ["text"]
    assert thoughtful.usage.output_tokens == quick.usage.output_tokens + 64
    details = thoughtful.usage.output_tokens_details
    assert details is not None
    assert details.thinking_tokens == 64


def test_an_answer_longer_than_max_tokens_is_cut(client: anthropic.Anthropic) -> None:
    reply = say(client, system=GUIDE, max_tokens=10, output_config=output_format(label_schema()))

    assert (reply.stop_reason, reply.usage.output_tokens) == ("max_tokens", 10)
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.content[0].text)  # type: ignore[union-attr]


def test_thinking_counts_towards_max_tokens(client: anthropic.Anthropic) -> None:
    reply = say(client, max_tokens=30, thinking={"type": "adaptive"})

    assert [block.type for block in reply.content] == ["thinking"]
    assert (reply.stop_reason, reply.usage.output_tokens) == ("max_tokens", 30)


def test_a_stop_sequence_ends_the_answer(client: anthropic.Anthropic) -> None:
    reply = say(client, stop_sequences=["Kind regards"], thinking=OFF)

    assert (reply.stop_reason, reply.stop_sequence) == ("stop_sequence", "Kind regards")
