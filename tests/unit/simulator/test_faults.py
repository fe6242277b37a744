"""Error statuses, silence and broken answers by name: what the SDK sees, what the bill says."""

import json
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import anthropic
import httpx2
import pytest

from triage.simulator import RunningSimulator, running

from .helpers import HAIKU, OFF, SONNET, say, text_of

SONNET_5 = "claude-sonnet-5"
QUESTION: dict[str, Any] = {
    "model": SONNET_5,
    "max_tokens": 500,
    "thinking": OFF,
    "messages": [{"role": "user", "content": "Where is my parcel?"}],
}
# 21 input tokens (see test_money) at Sonnet 5's 2,000 nano-dollars; its output costs 10,000.
INPUT_NANOUSD = 21 * 2_000


def billed(text: str) -> int:
    """Nano-dollars for the input and a text that was sent, by the rule of 13 tokens in 40 bytes."""
    return INPUT_NANOUSD + -(-len(text.encode()) * 13 // 40) * 10_000


def read_stream(client: anthropic.Anthropic, **fields: Any) -> tuple[str, Exception | None]:
    """The text a stream delivered, and what ended it early."""
    pieces: list[str] = []
    try:
        with client.messages.stream(**QUESTION | fields) as stream:
            pieces.extend(stream.text_stream)
    except (anthropic.APIError, httpx2.HTTPError, ValueError) as error:
        return "".join(pieces), error
    return "".join(pieces), None


@pytest.fixture
def whole(client: anthropic.Anthropic, simulator: RunningSimulator) -> str:
    """The text of the undisturbed answer; the bill is empty again."""
    text = text_of(client.messages.create(**QUESTION))
    simulator.reset()
    return text


@pytest.mark.parametrize(
    ("name", "error", "retry_after"),
    [
        ("429", anthropic.RateLimitError, "1"),
        ("429(2)", anthropic.RateLimitError, "2"),
        ("429(0.4)", anthropic.RateLimitError, "1"),
        ("429bare", anthropic.RateLimitError, None),
        ("spendcap", anthropic.EnforcedSpendLimitReachedError, None),
        ("503", anthropic.ServiceUnavailableError, None),
        ("408", anthropic.RequestTimeoutError, None),
        ("401", anthropic.AuthenticationError, None),
        ("404", anthropic.NotFoundError, None),
        ("400", anthropic.BadRequestError, None),
        ("413", anthropic.ContentTooLargeError, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_error_statuses_are_the_sdks_classes_and_cost_nothing(
    client: anthropic.Anthropic,
    simulator: RunningSimulator,
    name: str,
    error: type[anthropic.APIStatusError],
    retry_after: str | None,
    stream: bool,
) -> None:
    simulator.set_scenario(name)

    with pytest.raises(error) as caught:
        client.messages.create(**QUESTION, stream=stream)

    (row,) = simulator.wait_until_settled()["requests"]
    assert caught.value.response.headers.get("retry-after") == retry_after
    assert "anthropic-ratelimit-requests-limit" in caught.value.response.headers
    assert (row["outcome"], row["status"]) == ("faulted", caught.value.status_code)
    assert (row["billed"], row["cost_nanousd"]) == (False, 0)
    assert row["ended_at"] == row["at"]


def test_the_spend_cap_and_the_missing_model_say_what_they_are(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("spendcapx1+404x1+400")
    caught = []
    for _ in range(3):
        with pytest.raises(anthropic.APIStatusError) as one:
            client.messages.create(**QUESTION)
        caught.append(one.value)

    assert caught[0].error_code == "enforced_spend_limit_reached"
    assert caught[1].api_message == "model: claude-sonnet-5"
    assert caught[2].api_message == "prompt is too long: 1000001 tokens > 1000000 maximum"


@pytest.mark.parametrize(("name", "share"), [("cut", 0.5), ("cut(0.67)", 0.67), ("cut(0)", 0)])
def test_a_cut_stream_ends_after_its_share_of_the_content(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str, name: str, share: float
) -> None:
    simulator.set_scenario(name)

    text, error = read_stream(client)

    (row,) = simulator.wait_until_settled()["requests"]
    assert isinstance(error, httpx2.RemoteProtocolError)
    assert abs(len(text) / len(whole) - share) < 0.1
    assert (row["outcome"], row["cost_nanousd"]) == ("cut", billed(text))


def test_a_stalled_stream_holds_the_connection_and_bills_what_was_sent(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str
) -> None:
    simulator.set_scenario("stall")

    text, error = read_stream(client, timeout=0.3)

    (row,) = simulator.wait_until_settled()["requests"]
    assert isinstance(error, httpx2.ReadTimeout)
    assert 0 < len(text) < len(whole)
    assert (row["outcome"], row["cost_nanousd"]) == ("stalled", billed(text))


def test_endless_pings_keep_the_connection_alive_and_bill_the_input(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("pings(0.05)")
    names: list[str] = []
    began = time.monotonic()

    with client.messages.with_streaming_response.create(**QUESTION, stream=True) as raw:
        for line in raw.iter_lines():
            names.append(line)
            if time.monotonic() - began > 0.6:
                break

    (row,) = simulator.wait_until_settled()["requests"]
    events = [line.removeprefix("event: ") for line in names if line.startswith("event: ")]
    assert (events[0], {*events[1:]}) == ("message_start", {"ping"})
    assert len(events) > 5
    assert (row["outcome"], row["cost_nanousd"]) == ("stalled", INPUT_NANOUSD)


def test_a_malformed_event_breaks_the_reader_in_the_middle(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str
) -> None:
    simulator.set_scenario("malformed")

    text, error = read_stream(client)

    assert isinstance(error, json.JSONDecodeError)
    assert whole.startswith(text)
    assert 0 < len(text) < len(whole)
    assert simulator.wait_until_settled()["totals"]["billed"] == 1


def test_without_message_stop_the_stream_ends_cleanly_and_is_billed_whole(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str
) -> None:
    simulator.set_scenario("nostop")

    with client.messages.with_streaming_response.create(**QUESTION, stream=True) as raw:
        wire = "".join(raw.iter_text())

    (row,) = simulator.wait_until_settled()["requests"]
    assert "message_stop" not in wire
    assert "message_delta" in wire
    assert (row["outcome"], row["cost_nanousd"]) == ("answered", billed(whole))


def test_half_a_stream_that_ends_cleanly_has_no_stop_reason(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str
) -> None:
    simulator.set_scenario("nostop(0.5)")

    with client.messages.stream(**QUESTION) as stream:
        message = stream.get_final_message()

    (row,) = simulator.wait_until_settled()["requests"]
    assert message.stop_reason is None
    assert 0 < len(text_of(message)) < len(whole)
    assert (row["outcome"], row["cost_nanousd"]) == ("cut", billed(text_of(message)))


def test_an_overload_within_a_stream_is_a_200_that_bills_what_was_sent(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str
) -> None:
    simulator.set_scenario("overloadstream")

    text, error = read_stream(client)

    (row,) = simulator.wait_until_settled()["requests"]
    assert isinstance(error, anthropic.APIStatusError)
    assert (error.status_code, error.type) == (200, "overloaded_error")
    assert 0 < len(text) < len(whole)
    assert (row["outcome"], row["status"]) == ("broken", 200)
    assert row["cost_nanousd"] == billed(text)


@pytest.mark.parametrize("name", ["stall", "pings"])
def test_a_plain_answer_that_stalls_had_been_produced_and_is_billed(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str, name: str
) -> None:
    simulator.set_scenario(name)

    with pytest.raises((anthropic.APITimeoutError, httpx2.ReadTimeout)):
        client.messages.create(**QUESTION, timeout=0.3)

    (row,) = simulator.wait_until_settled()["requests"]
    assert (row["outcome"], row["cost_nanousd"]) == ("stalled", billed(whole))


def test_a_malformed_plain_answer_is_no_json_and_is_billed(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str
) -> None:
    simulator.set_scenario("malformed")

    raw = client.messages.with_raw_response.create(**QUESTION)

    (row,) = simulator.wait_until_settled()["requests"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw.text())
    assert (row["outcome"], row["cost_nanousd"]) == ("answered", billed(whole))


@pytest.mark.parametrize("name", ["nostop", "nostop(0.5)", "overloadstream"])
def test_plain_answers_know_no_faults_of_streams(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str, name: str
) -> None:
    simulator.set_scenario(name)

    assert text_of(client.messages.create(**QUESTION)) == whole


@pytest.mark.parametrize("name", ["slow(0.3)", "late(0.3)"])
def test_a_plain_answer_that_comes_late_is_billed_even_if_nobody_waits(
    client: anthropic.Anthropic, simulator: RunningSimulator, whole: str, name: str
) -> None:
    simulator.set_scenario(name)

    with pytest.raises(anthropic.APITimeoutError):
        client.messages.create(**QUESTION, timeout=0.1)

    (row,) = simulator.wait_until_settled()["requests"]
    assert (row["outcome"], row["cost_nanousd"]) == ("unseen", billed(whole))


def test_a_slow_stream_pings_until_its_first_token(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("slow(0.4)")

    text, error = read_stream(client, timeout=0.3)  # each byte within 0.3 s, the text after 0.4

    assert (bool(text), error) == (True, None)


def test_a_broken_answer_can_be_slow_and_changed_as_well(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    simulator.set_scenario("cut+slow(0.2)+refusal(bio)")
    began = time.monotonic()

    text, error = read_stream(client)

    assert time.monotonic() - began >= 0.2
    assert text == ""
    assert isinstance(error, httpx2.RemoteProtocolError)
    assert simulator.wait_until_settled()["totals"]["cost_nanousd"] == INPUT_NANOUSD


def test_an_outage_ends_with_its_block(
    client: anthropic.Anthropic, simulator: RunningSimulator
) -> None:
    with simulator.outage("529@sonnet"):
        say(client, model=HAIKU)
        with pytest.raises(anthropic.OverloadedError):
            say(client, model=SONNET)

    say(client, model=SONNET)

    assert [row["status"] for row in simulator.rows(model=SONNET)] == [529, 200]


def test_a_held_request_ends_when_the_client_leaves() -> None:
    body = json.dumps(QUESTION)
    headers = {"x-api-key": "sim", "anthropic-version": "2026-10-21"}
    with running(scenario="silence") as silent:
        with closing(HTTPConnection(silent.host, silent.port, timeout=10)) as http:
            http.request("POST", "/v1/messages", body, headers)
            deadline = time.monotonic() + 5
            while not silent.rows(outcome="silent") and time.monotonic() < deadline:
                time.sleep(0.02)
            (held,) = silent.rows()
        while not (left := silent.rows()[0])["ended_at"] and time.monotonic() < deadline:
            time.sleep(0.02)

    assert (held["outcome"], held["ended_at"]) == ("silent", None)
    assert left["ended_at"] > left["at"]
