"""The events of a stream, what an upstream may make of them, and how they are read."""

from time import monotonic

from tests.unit.gateway.upstream import Canned, Step, Upstream, event
from triage.services.gateway import client
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.client import Stream, StreamLimits

BODY = {"model": HAIKU, "max_tokens": 900, "messages": [{"role": "user", "content": "Hello"}]}
LIMITS = StreamLimits(byte_seconds=5, content_seconds=5, total_seconds=10)
HEADERS = {
    "content-type": "text/event-stream",
    "request-id": "req_3",
    "anthropic-ratelimit-requests-remaining": "8",
}
USED = {"input_tokens": 25, "cache_read_input_tokens": 40, "output_tokens": 1}
PING = event("ping")
START = event("message_start", message={"model": HAIKU, "content": [], "usage": USED})
OPEN = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
SHUT = event("content_block_stop", index=0)
STOP = event("message_stop")


def delta(text: str) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def end(reason: str | None = "end_turn", **usage: int) -> bytes:
    ending = {"stop_reason": reason, "stop_sequence": None}
    return event("message_delta", delta=ending, usage={"output_tokens": 15, **usage})


WHOLE = (START, OPEN, PING, delta("Hel"), delta("lo"), SHUT, end(), STOP)
HALF = (START, OPEN, delta("Hel"), delta("lo"))


def drip(part: bytes, *, times: int, every: float = 0.05) -> tuple[Step, ...]:
    """The same over and over, each time with a pause behind it."""
    return (part, every) * times


def says(upstream: Upstream, *steps: Step) -> None:
    upstream.says(Canned(steps, headers=HEADERS))


def read(limits: StreamLimits = LIMITS) -> tuple[Stream, float]:
    """The stream, iterated to its end, and the seconds that took."""
    started = monotonic()
    with client.stream(BODY, limits=limits) as stream:
        assert "".join(stream) == stream.text
    return stream, monotonic() - started
