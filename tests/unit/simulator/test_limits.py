"""Enforced limits: who is let in, what the headers say, and when it is true."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import pytest

from triage.simulator import RunningSimulator

from .helpers import HAIKU, OFF, SONNET, TestClock, say

ASK: dict[str, Any] = {
    "model": HAIKU,
    "max_tokens": 500,
    "thinking": OFF,
    "messages": [{"role": "user", "content": "Where is my parcel?"}],
}


def statuses(client: anthropic.Anthropic, number: int, **fields: Any) -> list[int]:
    """The statuses of that many requests, one after the other."""
    seen = []
    for _ in range(number):
        try:
            say(client, **fields)
            seen.append(200)
        except anthropic.RateLimitError as error:
            seen.append(error.status_code)
    return seen


def test_five_requests_at_once_pass_and_the_sixth_does_not(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("rpm(60)")

    assert statuses(client, 7) == [200] * 5 + [429] * 2
    rows = simulator.rows(status=429)
    assert [(row["outcome"], row["billed"], row["cost_nanousd"]) for row in rows] == [
        ("faulted", False, 0)
    ] * 2


def test_the_bucket_refills_continuously_and_retry_after_is_true(
    client: anthropic.Anthropic, simulator: RunningSimulator, clock: TestClock
) -> None:
    simulator.set_scenario("rpm(20)")  # one request in three seconds
    statuses(client, 5)
    with pytest.raises(anthropic.RateLimitError) as caught:
        say(client)
    wait = int(caught.value.response.headers["retry-after"])

    clock.now += wait - 0.5
    early = statuses(client, 1)
    clock.now += 0.5
    in_time = statuses(client, 2)

    assert wait == 3
    assert (early, in_time) == ([429], [200, 429])


def test_one_seconds_worth_is_the_burst_of_a_large_limit(
    client: anthropic.Anthropic, simulator: RunningSimulator, clock: TestClock
) -> None:
    simulator.set_scenario("rpm(600)+fixed")

    at_once = statuses(client, 12)
    clock.now += 60
    later = statuses(client, 12)

    assert at_once.count(200) == later.count(200) == 10


def test_headers_show_the_limit_and_what_remains(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("rpm(60)")

    first = client.messages.with_raw_response.create(**ASK).headers
    statuses(client, 4)
    with pytest.raises(anthropic.RateLimitError) as caught:
        say(client)
    last = caught.value.response.headers

    assert first["anthropic-ratelimit-requests-limit"] == "60"
    assert first["anthropic-ratelimit-requests-remaining"] == "4"
    assert first["anthropic-ratelimit-requests-reset"] == "2026-11-21T10:00:01Z"
    assert last["anthropic-ratelimit-requests-remaining"] == "0"
    assert last["anthropic-ratelimit-requests-reset"] == "2026-11-21T10:00:05Z"
    assert last["anthropic-ratelimit-input-tokens-limit"] == "10000000"


def test_input_is_a_debt_that_time_pays(
    client: anthropic.Anthropic, simulator: RunningSimulator, clock: TestClock
) -> None:
    simulator.set_scenario("itpm(60000)")  # 1,000 tokens a second
    long: dict[str, Any] = {"system": "a" * 10_000}  # 3,250 tokens and 21 for the rest

    at_once = statuses(client, 2, **long)
    with pytest.raises(anthropic.RateLimitError) as caught:
        say(client)
    clock.now += 3
    later = statuses(client, 1)

    # 1,000 - 3,271 = -2,271; one token is there again after 2.272 s.
    assert (at_once, later) == ([200, 429], [200])
    assert caught.value.response.headers["retry-after"] == "3"
    assert caught.value.response.headers["anthropic-ratelimit-input-tokens-limit"] == "60000"


def test_cache_reads_do_not_count_towards_the_input(
    client: anthropic.Anthropic, simulator: RunningSimulator, clock: TestClock
) -> None:
    simulator.set_scenario("itpm(60000)")
    cached: dict[str, Any] = {
        "system": [{"type": "text", "text": "a" * 8_000, "cache_control": {"type": "ephemeral"}}]
    }
    say(client, **cached)
    clock.now += 10

    assert statuses(client, 5, **cached) == [200] * 5


def test_output_counts_once_it_was_produced(
    client: anthropic.Anthropic, simulator: RunningSimulator, clock: TestClock
) -> None:
    simulator.set_scenario("otpm(600)")  # 10 tokens a second

    first, second = statuses(client, 2)
    clock.now += 60
    later = statuses(client, 1)

    assert (first, second, later) == (200, 429, [200])


def test_limits_are_per_model_and_per_key(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("rpm(60)@haiku")
    with anthropic.Anthropic(
        api_key="other", base_url=simulator.base_url, max_retries=0
    ) as stranger:
        assert statuses(client, 6)[-1] == 429
        assert statuses(client, 6, model=SONNET) == [200] * 6
        assert statuses(stranger, 1) == [200]


def test_no_more_than_the_burst_passes_in_parallel(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("rpm(60)")

    with ThreadPoolExecutor(12) as pool:
        seen = [status for (status,) in pool.map(lambda _: statuses(client, 1), range(24))]

    assert seen.count(200) == 5


def test_a_refused_request_draws_no_fate(
    client: anthropic.Anthropic, simulator: RunningSimulator, clock: TestClock
) -> None:
    simulator.set_scenario("rpm(60)+500x6")
    for _ in range(5):
        with pytest.raises(anthropic.InternalServerError):
            say(client)
    refused = statuses(client, 1)
    clock.now += 1

    with pytest.raises(anthropic.InternalServerError):
        say(client)

    assert refused == [429]
