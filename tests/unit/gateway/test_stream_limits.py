"""The limits of a stream, by the wall clock, and leaving it."""

import gc
from dataclasses import replace
from itertools import pairwise
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from tests.unit.gateway.stream_cases import (
    BODY,
    HALF,
    HEADERS,
    LIMITS,
    PING,
    SHUT,
    START,
    STOP,
    WHOLE,
    delta,
    drip,
    end,
    read,
    says,
)
from tests.unit.gateway.upstream import Act, Canned, Step, Upstream, event
from triage.exceptions import (
    AttemptFailed,
    StreamStalled,
    UpstreamSilent,
)
from triage.services.gateway import client
from triage.services.gateway.client import StreamLimits, StreamState, sdk

# --- the timers


@pytest.mark.parametrize(
    ("steps", "limit", "text", "error"),
    [
        ((*HALF, Act.STALL), {"byte_seconds": 0.4}, "Hello", StreamStalled),
        ((PING, Act.STALL), {"byte_seconds": 0.4}, "", StreamStalled),
        ((*HALF, *drip(PING, times=60)), {"content_seconds": 0.4}, "Hello", StreamStalled),
        ((START, *drip(PING, times=60)), {"content_seconds": 0.4}, "", StreamStalled),
        ((START, Act.STALL), {"content_seconds": 0.4}, "", StreamStalled),
        ((START, *drip(delta("x"), times=60)), {"total_seconds": 0.4}, None, UpstreamSilent),
        ((*HALF, *drip(PING, times=60)), {"total_seconds": 0.4}, "Hello", UpstreamSilent),
    ],
    ids=[
        "silence after content",
        "silence after a ping",
        "pings after content",
        "pings alone",
        "a slow first token",
        "content for ever",
        "pings beyond the total",
    ],
)
def test_each_limit_ends_the_stream_by_the_wall_clock_and_leaves_the_connection(
    upstream: Upstream,
    steps: tuple[Step, ...],
    limit: dict[str, float],
    text: str | None,
    error: type[AttemptFailed],
) -> None:
    says(upstream, *steps)

    stream, seconds = read(replace(LIMITS, **limit))

    assert 0.3 < seconds < 0.9
    assert (stream.state, type(stream.error)) == (StreamState.TIMEOUT, error)
    assert text in (stream.text, None)
    assert upstream.was_left.wait(1)


def test_bytes_in_the_middle_of_an_event_count_as_bytes(upstream: Upstream) -> None:
    long = delta("Hello")
    parts: list[Step] = [step for n in range(0, len(long), 12) for step in (long[n : n + 12], 0.1)]
    says(upstream, START, *parts, end(), STOP)

    stream, _ = read(replace(LIMITS, byte_seconds=0.4))

    assert (stream.text, stream.state) == ("Hello", StreamState.COMPLETE)


def test_content_that_keeps_coming_outlasts_the_silences_that_are_allowed(
    upstream: Upstream,
) -> None:
    says(upstream, START, *drip(delta("x"), times=4, every=0.2), end(), STOP)

    stream, seconds = read(StreamLimits(byte_seconds=0.5, content_seconds=0.5, total_seconds=9))

    assert (stream.text, stream.state) == ("xxxx", StreamState.COMPLETE)
    assert seconds > 0.6


def test_the_time_a_caller_takes_is_no_silence_of_claudes(upstream: Upstream) -> None:
    says(upstream, *HALF, 0.3, SHUT, end(), STOP)
    limits = StreamLimits(byte_seconds=0.4, content_seconds=0.4, total_seconds=9)

    with client.stream(BODY, limits=limits) as stream:
        for _ in stream:
            Event().wait(0.6)

    assert stream.state is StreamState.COMPLETE


# --- leaving


def test_a_cancelled_stream_ends_at_once_and_keeps_its_text(upstream: Upstream) -> None:
    says(upstream, *HALF, *drip(PING, times=60))
    cancelled = Event()
    stream = client.stream(BODY, limits=LIMITS, cancelled=cancelled.is_set)

    pieces = [next(stream), next(stream)]
    cancelled.set()
    started = monotonic()

    assert list(stream) == []
    assert monotonic() - started < 1.0
    assert (pieces, stream.text) == (["Hel", "lo"], "Hello")
    assert (stream.state, stream.error) == (StreamState.CANCELLED, None)
    assert upstream.was_left.wait(1)


def test_pieces_that_have_come_are_not_handed_on_after_the_caller_cancelled(
    upstream: Upstream,
) -> None:
    says(upstream, *WHOLE)
    cancelled = Event()
    stream = client.stream(BODY, limits=LIMITS, cancelled=cancelled.is_set)
    next(stream)

    cancelled.set()
    Event().wait(0.5)

    assert list(stream) == []
    assert (stream.state, stream.text) == (StreamState.CANCELLED, "Hel")


@pytest.mark.parametrize("steps", [(Act.STALL,), (START, *drip(delta("x"), times=300, every=0.01))])
def test_whoever_cancels_is_asked_twice_a_second_and_not_for_every_event(
    upstream: Upstream, steps: tuple[Step, ...]
) -> None:
    says(upstream, *steps)
    asked: list[float] = []

    def ask() -> bool:
        asked.append(monotonic())
        return False

    limits = replace(LIMITS, total_seconds=1.5)
    list(client.stream(BODY, limits=limits, cancelled=ask))

    assert 3 <= len(asked) <= 5
    assert max(later - earlier for earlier, later in pairwise(asked)) < 1


def test_a_call_cancelled_before_its_status_ends_without_an_error(upstream: Upstream) -> None:
    upstream.says(Canned(WHOLE, headers=HEADERS, after_seconds=3))
    started = monotonic()
    stream = client.stream(BODY, limits=LIMITS, cancelled=lambda: monotonic() > started + 0.2)

    assert list(stream) == []
    assert (stream.state, stream.error) == (StreamState.CANCELLED, None)
    assert monotonic() - started < 1.2
    assert upstream.was_left.wait(1)


def test_closing_leaves_the_connection_at_once(upstream: Upstream) -> None:
    says(upstream, *HALF, Act.STALL)
    stream = client.stream(BODY, limits=LIMITS)
    next(stream)

    stream.close()

    assert (stream.state, stream.error, stream.text) == (StreamState.CANCELLED, None, "Hel")
    assert upstream.was_left.wait(1)
    assert list(stream) == []


def test_closing_from_another_thread_ends_the_reader(upstream: Upstream) -> None:
    says(upstream, *HALF, Act.STALL)
    stream = client.stream(BODY, limits=LIMITS)
    reader = Thread(target=list, args=(stream,))
    reader.start()
    while stream.text != "Hello":
        Event().wait(0.01)

    stream.close()
    reader.join(1.2)

    assert not reader.is_alive()
    assert (stream.state, stream.text) == (StreamState.CANCELLED, "Hello")
    assert upstream.was_left.wait(1)


def test_closing_an_ended_stream_changes_nothing(upstream: Upstream) -> None:
    says(upstream, *WHOLE)
    stream, _ = read()

    stream.close()

    assert stream.state is StreamState.COMPLETE


def test_a_stream_that_is_dropped_is_collected_with_its_connection(upstream: Upstream) -> None:
    says(upstream, *HALF, Act.STALL)
    stream = client.stream(BODY, limits=LIMITS)
    next(stream)

    del stream
    gc.collect()

    assert upstream.was_left.wait(1)


def test_no_way_of_ending_leaves_a_thread_or_a_connection(upstream: Upstream) -> None:
    limits = StreamLimits(byte_seconds=0.1, content_seconds=0.1, total_seconds=9)
    endings: tuple[tuple[Step, ...], ...] = (
        HALF,
        (*HALF, Act.RESET),
        (*HALF, Act.HANG_UP),
        (*HALF, Act.STALL),
        (*HALF, b"data: {\n\n"),
        (*HALF, *drip(PING, times=20)),
    )
    said = event("error", error={"type": "overloaded_error", "message": "No."})
    for steps in (*endings, (said, Act.STALL)):
        says(upstream, *steps)
        read(limits)

    pool: Any = sdk.client()._client._transport._pool  # type: ignore[attr-defined]
    assert [each for each in pool.connections if not each.is_idle()] == []
    assert not pool._requests
