"""Every way an answer can break off: what it is called, what is kept, and what is known of its bill."""

import pytest

from tests.unit.gateway.stream_cases import (
    HALF,
    OPEN,
    PING,
    SHUT,
    START,
    STOP,
    WHOLE,
    delta,
    end,
    read,
    says,
)
from tests.unit.gateway.upstream import Act, Step, Upstream, event
from triage.exceptions import (
    AttemptFailed,
    ConnectionLost,
    KeyRejected,
    Overloaded,
    RateLimited,
    RequestRejected,
    UnexpectedClose,
    UpstreamBroken,
)
from triage.services.gateway.client import StreamState

# --- an answer that breaks off


@pytest.mark.parametrize(
    ("steps", "text", "state", "error"),
    [
        ((*HALF, Act.RESET), "Hello", StreamState.UNEXPECTED_CLOSE, ConnectionLost),
        ((*HALF, Act.HANG_UP), "Hello", StreamState.UNEXPECTED_CLOSE, ConnectionLost),
        (
            (*HALF, delta("!")[:40], Act.RESET),
            "Hello",
            StreamState.UNEXPECTED_CLOSE,
            ConnectionLost,
        ),
        ((Act.HANG_UP,), "", StreamState.UNEXPECTED_CLOSE, ConnectionLost),
        (HALF, "Hello", StreamState.UNEXPECTED_CLOSE, UnexpectedClose),
        ((*HALF, end()), "Hello", StreamState.UNEXPECTED_CLOSE, UnexpectedClose),
        ((*HALF, STOP[:-2]), "Hello", StreamState.UNEXPECTED_CLOSE, UnexpectedClose),
        ((), "", StreamState.UNEXPECTED_CLOSE, UnexpectedClose),
        ((PING,), "", StreamState.UNEXPECTED_CLOSE, UnexpectedClose),
        ((b"<html>Please log in</html>",), "", StreamState.UNEXPECTED_CLOSE, UnexpectedClose),
        ((*HALF, b"event: x\ndata: {half\n\n", STOP), "Hello", StreamState.ERROR, ConnectionLost),
        ((*HALF, b"event: x\ndata: []\n\n", STOP), "Hello", StreamState.ERROR, ConnectionLost),
        ((*HALF, b"event: x\ndata: {}\n\n", STOP), "Hello", StreamState.ERROR, ConnectionLost),
        ((*HALF, b"data: \xff\n\n", STOP), "Hello", StreamState.ERROR, ConnectionLost),
        ((*HALF, event("content_block_delta"), STOP), "Hello", StreamState.ERROR, ConnectionLost),
        ((event("message_start", message=None), STOP), "", StreamState.ERROR, ConnectionLost),
        ((end(), STOP), "", StreamState.ERROR, ConnectionLost),
    ],
    ids=[
        "reset",
        "hung up in a chunk",
        "reset in an event",
        "hung up at once",
        "no message_stop",
        "no message_stop after the counts",
        "the last event unfinished",
        "nothing at all",
        "before message_start",
        "a page",
        "broken JSON",
        "a list",
        "no type",
        "no UTF-8",
        "a delta of nothing",
        "a start of nothing",
        "counts of no message",
    ],
)
def test_an_answer_that_breaks_off_keeps_its_text_and_says_how(
    upstream: Upstream,
    steps: tuple[Step, ...],
    text: str,
    state: StreamState,
    error: type[AttemptFailed],
) -> None:
    says(upstream, 0.05, *steps)

    stream, _ = read()

    assert (stream.text, stream.state, type(stream.error)) == (text, state, error)
    assert stream.error is not None
    assert (stream.error.http_status, stream.error.request_id) == (200, "req_3")
    assert stream.error.rate_limits == {"requests-remaining": "8"}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", Overloaded),
        ("api_error", UpstreamBroken),
        ("timeout_error", UpstreamBroken),
        ("rate_limit_error", RateLimited),
        ("invalid_request_error", RequestRejected),
        ("authentication_error", KeyRejected),
        ("an_error_of_next_year", UpstreamBroken),
    ],
)
def test_an_error_event_is_the_error_that_its_status_would_be(
    upstream: Upstream, kind: str, error: type[AttemptFailed]
) -> None:
    said = event("error", error={"type": kind, "message": f"It says {kind}."})
    says(upstream, *HALF, said, Act.STALL)

    stream, seconds = read()

    assert (stream.text, stream.state) == ("Hello", StreamState.ERROR)
    assert type(stream.error) is error
    assert str(stream.error) == f"Claude answered: It says {kind}."
    assert stream.error.request_id == "req_3"
    assert seconds < 1
    assert upstream.was_left.wait(1)


def test_what_comes_after_the_end_changes_nothing(upstream: Upstream) -> None:
    said = event("error", error={"type": "overloaded_error", "message": "Too late."})
    says(upstream, *WHOLE, delta("!"), said, Act.RESET)

    stream, _ = read()

    assert (stream.text, stream.state, stream.error) == ("Hello", StreamState.COMPLETE, None)


# --- the bill of a broken stream


@pytest.mark.parametrize(
    ("steps", "output_tokens", "is_final"),
    [
        ((), 0, False),
        ((START,), 0, False),
        ((START, OPEN, SHUT), 0, False),
        (HALF, 1, False),
        ((*HALF, end(None)), 15, False),
        ((*HALF, end(None), end(None, output_tokens=18)), 18, False),
        ((*HALF, end()), 15, True),
        ((*HALF, STOP), 1, False),
        ((*HALF, end(None), STOP), 15, True),
        (WHOLE, 15, True),
    ],
    ids=[
        "nothing",
        "only the placeholder",
        "an empty block",
        "content",
        "counts so far",
        "later counts",
        "counts and a reason",
        "an end without counts",
        "an end without a reason",
        "all",
    ],
)
def test_output_tokens_are_what_was_counted_or_the_least_there_can_be(
    upstream: Upstream, steps: tuple[Step, ...], output_tokens: int, is_final: bool
) -> None:
    says(upstream, *steps, Act.HANG_UP)

    stream, _ = read()

    assert (stream.output_tokens_seen, stream.is_usage_final) == (output_tokens, is_final)
    assert stream.usage.output_tokens == output_tokens
