"""One message as a stream of text: a state machine over the SDK's raw server-sent events.

`connecting → streaming → complete | error | timeout | unexpected_close | cancelled`. The SDK's own stream swallows pings; the
raw one shows them, so that any byte and content can be timed apart. Nothing is retried or resumed.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import anthropic
import httpx2

from triage.exceptions import (
    AttemptFailed,
    ConnectionLost,
    StreamStalled,
    UnexpectedClose,
    UpstreamSilent,
)
from triage.services.gateway.client import sdk
from triage.services.gateway.client.clocks import Clock, Limit, TimeUp, never
from triage.services.gateway.client.errors import UNREADABLE, rate_limits, translated
from triage.services.gateway.client.events import CONTENT_EVENTS, Told, read_event
from triage.types import Usage

DRAIN_SECONDS = (
    0.2  # for the response's end after `message_stop`, so that the connection can be used again
)


class StreamState(StrEnum):
    CONNECTING = "connecting"
    STREAMING = "streaming"
    COMPLETE = "complete"
    ERROR = "error"
    TIMEOUT = "timeout"
    UNEXPECTED_CLOSE = "unexpected_close"
    CANCELLED = "cancelled"

    @property
    def is_ended(self) -> bool:
        return self not in {StreamState.CONNECTING, StreamState.STREAMING}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Seconds, by the wall clock: since the last byte, since the last content (pings are none), and since the start."""

    total_seconds: float
    byte_seconds: float = 30.0
    content_seconds: float = 60.0


def stream(
    body: dict[str, Any], *, limits: StreamLimits, cancelled: Callable[[], bool] = never
) -> "Stream":
    """Ask once and hand on the text as it comes. The request leaves with the first `next()`. Costs money.

    Args:
        cancelled: Asked at least every 0.5 s while waiting for Claude. It must be quick and must not raise.
    """
    return Stream(body, limits=limits, cancelled=cancelled)


class Stream(Iterator[str]):
    """The pieces of an answer's text; at the end, how it ended and what it used.

    Whoever does not iterate to the end calls `close()` or uses it as a context manager. Once it has ended, in whatever way, the
    connection is closed or free. A refusal and a cut at `max_tokens` are `complete`: the caller judges the `stop_reason`.

    Attributes:
        error: Why it is not complete; None also when it was cancelled.
        first_token_ms: From the start to the first content, thinking included; None if there was none.

    Raises:
        AttemptFailed: From `next()`, for what happens before a 200 came. After that nothing is raised: see `state`.
    """

    def __init__(
        self, body: dict[str, Any], *, limits: StreamLimits, cancelled: Callable[[], bool] = never
    ) -> None:
        self.state = StreamState.CONNECTING
        self.error: AttemptFailed | None = None
        self.request_id = ""
        self.rate_limits: dict[str, str] = {}
        self.first_token_ms: int | None = None
        self._cancelled = cancelled
        self._is_left = False
        self._told = Told()
        self._pieces = self._run(body, limits)

    @property
    def text(self) -> str:
        """All text so far; nothing that came is ever lost."""
        return "".join(self._told.pieces)

    @property
    def model(self) -> str:
        return self._told.model

    @property
    def message_id(self) -> str:
        return self._told.message_id

    @property
    def cache_miss_reason(self) -> str:
        """As of an `Answer`."""
        return self._told.cache_miss_reason

    @property
    def stop_reason(self) -> str:
        """ "" where none came."""
        return self._told.stop_reason

    @property
    def usage(self) -> Usage:
        """What it used so far, its output being `output_tokens_seen`; the whole only if `is_usage_final`."""
        return self._told.usage

    @property
    def is_usage_final(self) -> bool:
        return self._told.is_usage_final

    @property
    def output_tokens_seen(self) -> int:
        """Output tokens that were certainly made: a lower bound, never an estimate."""
        return self._told.output_tokens_seen

    def close(self) -> None:
        """Leave: close the connection at once, or within 0.5 s if another thread is reading. An ended stream stays as it is."""
        self._is_left = True
        try:
            self._pieces.close()
        except ValueError:  # the generator is running: its thread sees `_is_left`
            return
        if not self.state.is_ended:
            self.state = StreamState.CANCELLED

    def __next__(self) -> str:
        return next(self._pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, body: dict[str, Any], limits: StreamLimits) -> Generator[str]:
        seconds = {
            Limit.BYTE: limits.byte_seconds,
            Limit.CONTENT: limits.content_seconds,
            Limit.TOTAL: limits.total_seconds,
        }
        clock = Clock(seconds, cancelled=lambda: self._is_left or self._cancelled())
        try:
            response = self._open(body, clock, timeout=sdk.timeout(limits.total_seconds))
            if response:
                with closing(response):
                    yield from self._read(response, clock)
        finally:
            if not self.state.is_ended:
                self.state = StreamState.CANCELLED

    def _open(
        self, body: dict[str, Any], clock: Clock, timeout: httpx2.Timeout
    ) -> httpx2.Response | None:
        """The response, its body unread, once a 200 came; None if the caller cancelled before."""
        try:
            with sdk.asking(clock):
                raw = sdk.client().messages.with_raw_response.create(
                    **body, stream=True, timeout=timeout
                )
        except AttemptFailed as error:
            if clock.ended_by is Limit.CANCELLED:
                return None
            is_late = isinstance(error, UpstreamSilent)
            self._end(StreamState.TIMEOUT if is_late else StreamState.ERROR, error)
            raise
        self.state = StreamState.STREAMING
        self.request_id = raw.headers.get("request-id", "")
        self.rate_limits = rate_limits(raw.headers)
        return raw.http_response

    def _read(self, response: httpx2.Response, clock: Clock) -> Iterator[str]:
        frames = anthropic.Stream.raw_events(response)
        try:
            while True:
                with clock:
                    frame = next(frames, None)
                if frame is None:
                    break
                if piece := self._take(frame.data, clock, response):
                    yield piece
        except (TimeUp, httpx2.TimeoutException):
            self._end_in_time(clock.ended_by)
        except httpx2.HTTPError:
            self._break_off(ConnectionLost, "The connection to Claude broke mid-answer.")
        except anthropic.APIStatusError as error:
            self._end(StreamState.ERROR, translated(error))
        except UNREADABLE:
            message = "Claude's answer had a part that cannot be read."
            self._end(StreamState.ERROR, self._failure(ConnectionLost, message))
        else:
            self._break_off(UnexpectedClose, "Claude's answer ended before it was complete.")

    def _take(self, data: str, clock: Clock, response: httpx2.Response) -> str:
        """The text that a frame brings. Raises one of `UNREADABLE`; for an error event, the SDK's error."""
        if not data or self.state is StreamState.COMPLETE:
            return ""
        event = read_event(data)
        if event["type"] == "error":
            raise anthropic.APIStatusError("an error event", response=response, body=event)
        if event["type"] in CONTENT_EVENTS:
            clock.came(Limit.CONTENT)
        piece = self._told.take(event)
        if self._told.has_content and self.first_token_ms is None:
            self.first_token_ms = clock.elapsed_ms
        if self._told.is_complete:
            self.state = StreamState.COMPLETE
            clock.end_within(DRAIN_SECONDS)
        return piece

    def _end_in_time(self, limit: Limit | None) -> None:
        if limit is Limit.CANCELLED:
            self._end(StreamState.CANCELLED, None)
        elif limit is Limit.TOTAL:
            error = self._failure(UpstreamSilent, "Claude's answer took longer than it may.")
            self._end(StreamState.TIMEOUT, error)
        else:
            error = self._failure(StreamStalled, "Claude's answer stopped coming.")
            self._end(StreamState.TIMEOUT, error)

    def _break_off(self, kind: type[ConnectionLost], message: str) -> None:
        self._end(StreamState.UNEXPECTED_CLOSE, self._failure(kind, message))

    def _end(self, state: StreamState, error: AttemptFailed | None) -> None:
        """The end, unless the answer was complete before."""
        if not self.state.is_ended:
            self.state = state
            self.error = error

    def _failure(self, kind: type[AttemptFailed], message: str) -> AttemptFailed:
        return kind(
            message,
            http_status=HTTPStatus.OK,
            request_id=self.request_id,
            rate_limits=self.rate_limits,
        )
