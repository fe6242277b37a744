"""A stream over real HTTP: a whole answer, an error before it, and what the simulator says of both."""

from dataclasses import replace
from time import monotonic

import pytest
from pytest_django import Settings

from tests.unit.gateway.stream_cases import (
    BODY,
    HALF,
    HEADERS,
    LIMITS,
    OPEN,
    START,
    STOP,
    USED,
    WHOLE,
    delta,
    end,
    read,
    says,
)
from tests.unit.gateway.upstream import Act, Canned, Upstream, event, failure
from triage.exceptions import (
    AttemptFailed,
    ConnectionLost,
    KeyRejected,
    ModelGone,
    NotReached,
    Overloaded,
    RateLimited,
    RequestRejected,
    StreamStalled,
    UnexpectedClose,
    UpstreamBroken,
    UpstreamSilent,
)
from triage.services.gateway import client
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.client import StreamLimits, StreamState
from triage.simulator import RunningSimulator
from triage.types import Usage

# --- a whole answer


def test_a_whole_answer_has_its_pieces_its_usage_and_what_the_provider_said(
    upstream: Upstream,
) -> None:
    says(upstream, *WHOLE)

    stream = client.stream(BODY, limits=LIMITS)

    assert stream.state is StreamState.CONNECTING
    assert list(stream) == ["Hel", "lo"]
    assert (stream.state, stream.error) == (StreamState.COMPLETE, None)
    assert (stream.text, stream.stop_reason, stream.model) == ("Hello", "end_turn", HAIKU)
    assert stream.usage == Usage(25, 0, 0, 40, 15)
    assert stream.is_usage_final
    assert (stream.request_id, stream.rate_limits) == ("req_3", {"requests-remaining": "8"})
    assert stream.first_token_ms is not None
    assert upstream.heard[0].body == {**BODY, "stream": True}


def test_a_piece_is_there_as_soon_as_it_came(upstream: Upstream) -> None:
    says(upstream, START, OPEN, delta("Hel"), Act.STALL)

    with client.stream(BODY, limits=LIMITS) as stream:
        started = monotonic()
        first = next(stream)

    assert (first, stream.text) == ("Hel", "Hel")
    assert monotonic() - started < 1


def test_nothing_leaves_before_the_first_piece_is_asked_for(upstream: Upstream) -> None:
    stream = client.stream(BODY, limits=LIMITS)
    stream.close()

    assert stream.state is StreamState.CANCELLED
    assert list(stream) == []
    assert upstream.heard == []


@pytest.mark.parametrize("size", [1, 7])
def test_events_may_come_in_any_cut(upstream: Upstream, size: int) -> None:
    wire = b"".join((START, OPEN, delta("Grüße 👋"), end(), STOP)).replace(b"\n", b"\r\n")
    says(upstream, *(wire[n : n + size] for n in range(0, len(wire), size)))

    stream, _ = read()

    assert (stream.text, stream.state) == ("Grüße 👋", StreamState.COMPLETE)


@pytest.mark.parametrize("reason", ["refusal", "max_tokens", "tool_use"])
def test_every_reason_to_stop_is_complete_and_for_the_caller_to_judge(
    upstream: Upstream, reason: str
) -> None:
    says(upstream, *HALF, end(reason), STOP)

    stream, _ = read()

    assert (stream.state, stream.stop_reason) == (StreamState.COMPLETE, reason)


def test_thinking_and_unknown_events_are_no_text(upstream: Upstream) -> None:
    thought = event(
        "content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm"}
    )
    news = event("weather", wind="strong")
    says(upstream, START, thought, news, b": a comment\n\n", *WHOLE[1:])

    stream, _ = read()

    assert (stream.text, stream.state) == ("Hello", StreamState.COMPLETE)


def test_what_could_not_be_stored_is_left_out_of_the_text(upstream: Upstream) -> None:
    says(upstream, START, OPEN, delta("\0"), delta("o\0dd"), end(), STOP)

    assert list(client.stream(BODY, limits=LIMITS)) == ["odd"]


def test_later_counts_replace_the_earlier_and_what_they_leave_out_stays(
    upstream: Upstream,
) -> None:
    written = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 200}
    used = {**USED, "cache_creation_input_tokens": 200, "cache_creation": written}
    start = event("message_start", message={"model": HAIKU, "content": [], "usage": used})
    says(upstream, start, delta("Hi"), end(None), end("end_turn", input_tokens=30), STOP)

    stream, _ = read()

    assert stream.usage == Usage(30, 0, 200, 40, 15)


def test_the_connection_of_a_whole_answer_is_used_again(upstream: Upstream) -> None:
    says(upstream, *WHOLE)

    read()
    read()

    assert len({request.port for request in upstream.heard}) == 1


def test_a_response_left_open_after_the_answer_holds_nobody_up(upstream: Upstream) -> None:
    says(upstream, *WHOLE, Act.STALL)

    stream, seconds = read()

    assert (stream.state, stream.error) == (StreamState.COMPLETE, None)
    assert seconds < 1
    assert upstream.was_left.wait(1)


# --- before a 200


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(529, "overloaded_error"), Overloaded),
        (failure(429, "rate_limit_error", retry_after="3"), RateLimited),
        (failure(404, "not_found_error"), ModelGone),
        (failure(401, "authentication_error"), KeyRejected),
        (failure(400, "invalid_request_error"), RequestRejected),
        (failure(500, "api_error"), UpstreamBroken),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_an_error_status_is_raised_as_send_raises_it(
    upstream: Upstream, answer: Canned, error: type[AttemptFailed]
) -> None:
    upstream.says(answer)
    stream = client.stream(BODY, limits=LIMITS)

    with pytest.raises(AttemptFailed) as caught:
        next(stream)

    assert type(caught.value) is error
    assert (stream.state, stream.error) == (StreamState.ERROR, caught.value)
    assert list(stream) == []
    assert len(upstream.heard) == 1


def test_an_error_status_whose_body_never_ends_is_left_in_time(upstream: Upstream) -> None:
    upstream.says(Canned((b"{", Act.STALL), status=500))
    started = monotonic()

    with pytest.raises(UpstreamSilent):
        next(client.stream(BODY, limits=replace(LIMITS, byte_seconds=0.3)))

    assert monotonic() - started < 0.8


def test_an_address_where_nobody_listens_was_not_reached(
    own_clients: None, settings: Settings
) -> None:
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:9"
    stream = client.stream(BODY, limits=LIMITS)

    with pytest.raises(NotReached):
        next(stream)

    assert stream.state is StreamState.ERROR


@pytest.mark.parametrize("limit", ["byte_seconds", "content_seconds", "total_seconds"])
def test_silence_before_the_status_is_raised_by_whichever_limit_is_nearest(
    upstream: Upstream, limit: str
) -> None:
    upstream.says(Canned(WHOLE, headers=HEADERS, after_seconds=3))
    stream = client.stream(BODY, limits=replace(LIMITS, **{limit: 0.4}))
    started = monotonic()

    with pytest.raises(UpstreamSilent):
        next(stream)

    assert 0.3 < monotonic() - started < 0.9
    assert stream.state is StreamState.TIMEOUT
    assert upstream.was_left.wait(1)


# --- against the simulator


def test_the_simulators_stream_is_whole_and_billed_as_it_says(
    own_clients: None, claude: RunningSimulator
) -> None:
    stream, _ = read()

    assert stream.state is StreamState.COMPLETE
    assert stream.stop_reason == "end_turn"
    [row] = claude.bill()["requests"]
    assert row["request_id"] == stream.request_id
    assert row["tokens"]["output"] == stream.usage.output_tokens


@pytest.mark.parametrize(
    ("scenario", "state", "error"),
    [
        ("cut", StreamState.UNEXPECTED_CLOSE, ConnectionLost),
        ("stall", StreamState.TIMEOUT, StreamStalled),
        ("pings(0.05)", StreamState.TIMEOUT, StreamStalled),
        ("overloadstream", StreamState.ERROR, Overloaded),
        ("malformed", StreamState.ERROR, ConnectionLost),
        ("nostop(0.5)", StreamState.UNEXPECTED_CLOSE, UnexpectedClose),
    ],
)
def test_what_is_known_of_the_simulators_broken_stream_is_never_above_its_bill(
    own_clients: None,
    claude: RunningSimulator,
    scenario: str,
    state: StreamState,
    error: type[AttemptFailed],
) -> None:
    claude.set_scenario(scenario)

    stream, _ = read(StreamLimits(byte_seconds=0.6, content_seconds=0.6, total_seconds=9))

    assert (stream.state, type(stream.error)) == (state, error)
    assert not stream.is_usage_final
    [row] = claude.wait_until_settled()["requests"]
    assert stream.usage.input_tokens == row["tokens"]["input"]
    assert int(bool(stream.text)) == stream.output_tokens_seen <= row["tokens"]["output"]
