"""Faults: what the SDK sees, and what the bill says of it."""

import threading
import time
from typing import Any

import anthropic
import httpx2
import pytest

from triage.simulator import RunningSimulator, build_app, running
from triage.simulator.scenarios import Fault, Scenario

from .helpers import HAIKU, SONNET, say, send_raw, text_of


def fates(name: str, *, seed: int = 0, draws: int = 50, model: str = HAIKU) -> list[Fault | None]:
    """How the next requests end."""
    scenario = Scenario(name, seed)
    return [scenario.draw(model).ending for _ in range(draws)]


def last(simulator: RunningSimulator) -> dict[str, Any]:
    """The newest row once it is settled."""
    for _ in range(200):
        row: dict[str, Any] = simulator.bill()["requests"][-1]
        if row["outcome"] != "in_flight":
            return row
        time.sleep(0.01)
    raise AssertionError("the row was never settled")


def test_the_same_seed_draws_the_same_fates() -> None:
    assert fates("529:0.3+reset:0.2", seed=7) == fates("529:0.3+reset:0.2", seed=7)
    assert fates("529:0.3", seed=7) != fates("529:0.3", seed=8)


def test_a_rate_is_about_kept() -> None:
    struck = fates("529:0.1", draws=2_000).count(Fault.OVERLOAD)

    assert 150 < struck < 250


def test_a_count_strikes_the_first_requests_only() -> None:
    assert fates("529x3+500x1", draws=6) == [Fault.OVERLOAD] * 3 + [Fault.ERROR] + [None] * 2


def test_a_fault_can_be_kept_to_a_model() -> None:
    assert fates("529@haiku-5-5x1", draws=2) == [Fault.OVERLOAD, None]
    assert fates("529@haiku-5-5", draws=2, model=SONNET) == [None, None]


def test_manner_and_ending_go_together() -> None:
    fate = Scenario("slow+fixed+529").draw(HAIKU)

    assert (fate.is_slow, fate.is_fixed, fate.ending) == (True, True, Fault.OVERLOAD)


@pytest.mark.parametrize("name", ["storm", "", "529:2", "529:x", "calm++529", "529x"])
def test_unknown_scenarios_are_refused_with_the_known_names(name: str) -> None:
    with pytest.raises(ValueError, match="scenario"):
        build_app(scenario=name)


def test_unknown_scenario_over_http_lists_the_known_ones(simulator: RunningSimulator) -> None:
    with pytest.raises(ValueError, match="calm, 429, 529"):
        simulator.set_scenario("storm")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"seed": 1}', b'{"name": "calm", "seed": []}'])
def test_malformed_scenario_requests_are_a_400(simulator: RunningSimulator, body: bytes) -> None:
    assert send_raw(simulator, body, {}, path="/scenario")[0] == 400


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("429", anthropic.RateLimitError),
        ("529", anthropic.OverloadedError),
        ("500", anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_error_statuses_cost_nothing(
    client: anthropic.Anthropic,
    simulator: RunningSimulator,
    name: str,
    error: type[anthropic.APIStatusError],
    stream: bool,
) -> None:
    simulator.set_scenario(name)

    with pytest.raises(error) as caught:
        client.messages.create(
            model=HAIKU, max_tokens=9, messages=[{"role": "user", "content": "x"}], stream=stream
        )

    row = last(simulator)
    assert row["request_id"] == caught.value.request_id
    assert (row["outcome"], row["status"], row["cost_nanousd"]) == ("faulted", int(name), 0)
    assert row["billed"] is False
    assert ("retry-after" in caught.value.response.headers) == (name == "429")


def test_reset_is_a_reset_before_any_header(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("reset")

    with pytest.raises(anthropic.APIConnectionError) as caught:
        say(client)

    assert isinstance(caught.value.__cause__, httpx2.ReadError)
    row = last(simulator)
    assert (row["outcome"], row["status"], row["billed"]) == ("reset", None, False)


def test_silence_lasts_until_the_client_leaves_and_costs_nothing(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("silence")

    with pytest.raises(anthropic.APITimeoutError):
        say(client, timeout=0.2)

    assert (last(simulator)["outcome"], last(simulator)["cost_nanousd"]) == ("silent", 0)


def test_a_cut_stream_bills_input_and_what_was_sent(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("cut")
    pieces: list[str] = []

    with (
        client.messages.stream(
            model="claude-sonnet-5",
            max_tokens=500,
            thinking={"type": "disabled"},
            messages=[{"role": "user", "content": "Where is my parcel?"}],
        ) as stream,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        pieces.extend(stream.text_stream)

    text = "".join(pieces)
    row = last(simulator)
    sent = -(-len(text.encode()) * 13 // 40)
    # 21 input tokens (see test_money) x 2,000, and the words that arrived x 10,000
    assert len(text) > 50
    assert (row["outcome"], row["tokens"]["output"]) == ("cut", sent)
    assert row["cost_nanousd"] == 21 * 2_000 + sent * 10_000


def test_a_cut_plain_answer_bills_input_and_half_the_output(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    whole = say(client).usage.output_tokens
    simulator.set_scenario("cut")

    with pytest.raises((anthropic.APIConnectionError, httpx2.HTTPError)):
        say(client)

    row = last(simulator)
    assert (row["outcome"], row["status"]) == ("cut", 200)
    assert row["cost_nanousd"] == 21 * 100 + -(-whole // 2) * 500


def test_a_slow_answer_nobody_waits_for_is_billed_in_full() -> None:
    with running(scenario="slow", latency_ms=300) as slow, sdk(slow) as impatient:
        with pytest.raises(anthropic.APITimeoutError):
            say(impatient, timeout=0.1)

        row = last(slow)
        patient = say(impatient)

        assert row["outcome"] == "unseen"
        assert row["tokens"]["output"] == patient.usage.output_tokens
        assert row["cost_nanousd"] == last(slow)["cost_nanousd"] > 0


def test_only_slow_requests_wait_where_slow_has_a_count() -> None:
    with running(scenario="slowx1", latency_ms=300) as slow, sdk(slow) as client:
        times = []
        for _ in range(2):
            start = time.monotonic()
            say(client)
            times.append(time.monotonic() - start)

    assert times[0] >= 0.3 > times[1]


def test_a_stream_the_client_leaves_bills_what_was_sent() -> None:
    with running(word_ms=20) as slow, sdk(slow) as client:
        with client.messages.stream(
            model=HAIKU, max_tokens=500, messages=[{"role": "user", "content": "Where is it?"}]
        ) as stream:
            next(iter(stream.text_stream))
        row = last(slow)
        whole = client.messages.create(
            model=HAIKU, max_tokens=500, messages=[{"role": "user", "content": "Where is it?"}]
        )

        assert row["outcome"] == "left"
        assert 0 < row["tokens"]["output"] < whole.usage.output_tokens


def test_parallel_first_requests_all_write_the_cache() -> None:
    system: Any = [{"type": "text", "text": "a" * 4_000, "cache_control": {"type": "ephemeral"}}]
    with running(scenario="slow", latency_ms=300) as slow, sdk(slow) as client:
        threads = [
            threading.Thread(target=say, args=(client, "hi"), kwargs={"system": system})
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        slow.set_scenario("calm")
        say(client, "hi", system=system)

        rows = slow.bill()["requests"]
    assert [row["tokens"]["cache_write_5m"] for row in rows] == [1_300] * 3 + [0]
    assert rows[-1]["tokens"]["cache_read"] == 1_300


def test_switching_the_scenario_takes_effect_at_once(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("529")
    with pytest.raises(anthropic.OverloadedError):
        say(client)

    simulator.set_scenario("calm")

    assert text_of(say(client))


def sdk(simulator: RunningSimulator) -> anthropic.Anthropic:
    """The real SDK without retries."""
    return anthropic.Anthropic(api_key="sim", base_url=simulator.base_url, max_retries=0)
