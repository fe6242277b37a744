"""What comes of one request over real HTTP that is answered: its text and tokens, by the wall clock, on kept connections."""

import json
import socket
from time import monotonic

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from pytest_django import Settings

from tests.unit.gateway.upstream import Act, Canned, Step, Upstream, message
from triage.exceptions import (
    UpstreamSilent,
)
from triage.services.gateway import client
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.fingerprint import API_VERSION
from triage.types import Usage

BODY = {"model": HAIKU, "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}


def test_the_answer_has_its_text_its_tokens_by_class_and_its_limits(upstream: Upstream) -> None:
    written = {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 200}
    said = message(
        "Hello",
        cache_creation_input_tokens=500,
        cache_creation=written,
        cache_read_input_tokens=40,
    )
    said.body["content"].insert(0, {"type": "thinking", "thinking": "Hm.", "signature": "s"})
    said.headers["anthropic-ratelimit-tokens-remaining"] = "9"
    upstream.says(said)

    answer = client.send(BODY, seconds=5)

    assert (answer.text, answer.stop_reason, answer.request_id) == ("Hello", "end_turn", "req_1")
    assert answer.usage == Usage(100, 300, 200, 40, 20)
    assert answer.rate_limits == {"tokens-remaining": "9"}


def test_a_missing_stop_reason_is_empty_and_never_invented(upstream: Upstream) -> None:
    upstream.says(message("Hel", stop_reason=None))

    assert client.send(BODY, seconds=5).stop_reason == ""


def test_the_request_carries_our_version_and_key_and_no_trace(
    upstream: Upstream, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY = "key-of-this-test"
    upstream.says(message("Hello"))
    ours = SpanContext(trace_id=1, span_id=1, is_remote=False, trace_flags=TraceFlags(1))

    with use_span(NonRecordingSpan(ours)):
        client.send(BODY, seconds=5)

    headers = upstream.heard[0].headers
    assert headers["anthropic-version"] == API_VERSION
    assert headers["authorization"] == "Bearer key-of-this-test"
    assert headers["traceparent"] is None
    assert upstream.heard[0].body == BODY


def test_a_nul_in_the_answer_is_left_out_because_it_could_not_be_stored(
    upstream: Upstream,
) -> None:
    upstream.says(message('{"reason": "odd\0"}'))

    assert client.send(BODY, seconds=5).text == '{"reason": "odd"}'


@pytest.mark.parametrize(
    "steps",
    [
        (Act.STALL,),
        (b'{"content": [', Act.STALL),
        (*[b"  ", 0.05] * 6, Act.STALL),
        tuple([b"  ", 0.05] * 60),
    ],
    ids=["silent at once", "silent after a part", "drips, then is silent", "drips for ever"],
)
def test_an_answer_ends_by_the_wall_clock_however_its_bytes_come(
    upstream: Upstream, steps: tuple[Step, ...]
) -> None:
    upstream.says(Canned(steps))
    started = monotonic()

    with pytest.raises(UpstreamSilent):
        client.send(BODY, seconds=0.5)

    assert 0.4 < monotonic() - started < 1.0
    assert upstream.was_left.wait(1)


def test_an_answer_in_pieces_that_is_there_in_time_is_an_answer(upstream: Upstream) -> None:
    whole = json.dumps(message("Hello").body).encode()
    upstream.says(Canned((whole[:20], 0.2, whole[20:40], 0.2, whole[40:])))

    assert client.send(BODY, seconds=5).text == "Hello"


def test_a_body_that_nobody_reads_ends_by_the_wall_clock(
    own_clients: None, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings.ANTHROPIC_BASE_URL = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        large = {**BODY, "messages": [{"role": "user", "content": "x" * 20_000_000}]}
        started = monotonic()

        with pytest.raises(UpstreamSilent):
            client.send(large, seconds=0.5)

    assert monotonic() - started < 1.5


def test_a_connection_whose_answer_was_read_is_used_again(upstream: Upstream) -> None:
    client.send(BODY, seconds=5)

    client.send(BODY, seconds=5)

    assert len({request.port for request in upstream.heard}) == 1


def test_half_of_a_surrogate_pair_is_replaced_because_it_could_not_be_stored(
    upstream: Upstream,
) -> None:
    upstream.says(message("odd \ud83d!"))

    assert client.send(BODY, seconds=5).text == "odd ?!"
