"""The only place that knows the `anthropic` SDK and its `httpx2`: one request out, one answer or one of our errors back.

The SDK's own retries are off. Its timeouts are per gap between bytes, so a transport of ours holds the whole answer to the
attempt's wall clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from time import monotonic
from typing import Any, cast

import anthropic
import httpx2
from django.conf import settings

from triage.exceptions import (
    AttemptFailed,
    ConnectionLost,
    KeyRejected,
    ModelGone,
    NotReached,
    Overloaded,
    RateLimited,
    RequestRejected,
    SpendCapReached,
    UpstreamBroken,
    UpstreamSilent,
)
from triage.types import Usage

CONNECT_SECONDS = 3.0
SPEND_CAPS = {"enforced_spend_limit_reached", "contract_spend_limit_reached"}
RETRIED_STATUSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}
KEY_STATUSES = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}
OVERLOADED = 529
# A stream that has begun with a 200 names its error by type alone.
STATUS_OF_TYPE: dict[str | None, int] = {
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": OVERLOADED,
}
# What the SDK lets through where a 200 carries no message, as from a proxy in between.
UNREADABLE = (anthropic.AnthropicError, AttributeError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt brought: the text blocks joined, and what it used. `stop_reason` is "" where it is missing."""

    text: str
    model: str
    stop_reason: str
    usage: Usage
    request_id: str
    rate_limits: dict[str, str]


def send(body: dict[str, Any], *, seconds: float) -> Answer:
    """Ask once, waiting at most `seconds` in all. Costs money.

    Raises:
        AttemptFailed: One of its kinds; the SDK's and the HTTP library's own errors never come through.
    """
    try:
        raw = _client().messages.with_raw_response.create(**body, timeout=_timeout(seconds))
    except (anthropic.AnthropicError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise translated(error) from error
    try:
        return _read(cast("anthropic.types.Message", raw.parse()), raw.headers)
    except UNREADABLE as error:
        raise ConnectionLost("What came back is no answer of Claude's.") from error


def _read(message: anthropic.types.Message, headers: Mapping[str, str]) -> Answer:
    text = "".join(block.text for block in message.content if block.type == "text")
    return Answer(
        text=text.replace("\0", ""),  # PostgreSQL stores no NUL, and a paid answer must be storable
        model=message.model,
        stop_reason=message.stop_reason or "",
        usage=_usage(message.usage),
        request_id=headers.get("request-id", ""),
        rate_limits=_rate_limits(headers),
    )


def translated(error: Exception) -> AttemptFailed:
    """Our error for any error of the SDK or of `httpx2` underneath it."""
    if isinstance(error, anthropic.APIStatusError):
        return _status_error(error)
    if isinstance(error, anthropic.APIConnectionError):
        cause = error.__cause__
        return _transport_error(cause if isinstance(cause, Exception) else error)
    return _transport_error(error)


def _status_error(error: anthropic.APIStatusError) -> AttemptFailed:
    details: dict[str, Any] = {
        "http_status": error.status_code,
        "request_id": error.request_id or "",
        "retry_after_seconds": _retry_after(error.response.headers),
        "rate_limits": _rate_limits(error.response.headers),
    }
    said = error.api_message or f"HTTP {error.status_code}"
    return _status_class(error)(f"Claude answered: {said}", **details)


def _status_class(error: anthropic.APIStatusError) -> type[AttemptFailed]:
    status = error.status_code
    if status == HTTPStatus.OK:
        status = STATUS_OF_TYPE.get(error.type, status)
    if status == OVERLOADED or error.type == "overloaded_error":
        return Overloaded
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SpendCapReached if error.error_code in SPEND_CAPS else RateLimited
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in RETRIED_STATUSES:
        return UpstreamBroken
    if status == HTTPStatus.NOT_FOUND:
        return ModelGone
    if status in KEY_STATUSES:
        return KeyRejected
    return RequestRejected


def _transport_error(error: Exception) -> AttemptFailed:
    match error:
        case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return NotReached("Claude could not be reached.")
        case httpx2.UnsupportedProtocol() | httpx2.InvalidURL() | anthropic.CredentialsError():
            return RequestRejected("The request to Claude could not be made; check the base URL.")
        case httpx2.TimeoutException() | anthropic.APITimeoutError():
            return UpstreamSilent("Claude did not answer in time.")
        case _:
            return ConnectionLost("The connection to Claude broke before the answer was there.")


@lru_cache(maxsize=4)
def _client_for(key: str, base_url: str) -> anthropic.Anthropic:
    transport = BoundedTransport(
        limits=httpx2.Limits(max_connections=256, max_keepalive_connections=128)
    )
    return anthropic.Anthropic(
        api_key=key,
        base_url=base_url,
        max_retries=0,  # the route retries; two layers would multiply
        http_client=httpx2.Client(transport=transport, trust_env=False),
        open_telemetry=False,  # would send a trace header to the provider
    )


def _client() -> anthropic.Anthropic:
    return _client_for(settings.ANTHROPIC_API_KEY or "missing", settings.ANTHROPIC_BASE_URL)


def _timeout(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


class BoundedTransport(httpx2.HTTPTransport):
    """Ends an answer that drips: its body must be there within the request's read timeout, counted from its start."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        ends = monotonic() + request.extensions["timeout"]["read"]
        response = super().handle_request(request)
        response.stream = BoundedStream(cast("httpx2.SyncByteStream", response.stream), ends)
        return response


class BoundedStream(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, ends: float) -> None:
        self._stream = stream
        self._ends = ends

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if monotonic() > self._ends:
                raise httpx2.ReadTimeout("the answer took longer than the attempt may last")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _usage(usage: anthropic.types.Usage) -> Usage:
    written = usage.cache_creation_input_tokens or 0
    written_1h = usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else 0
    return Usage(
        uncached_input_tokens=int(usage.input_tokens),
        cache_write_5m_tokens=written - written_1h,
        cache_write_1h_tokens=written_1h,
        cache_read_tokens=usage.cache_read_input_tokens or 0,
        output_tokens=int(usage.output_tokens),
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, where the header gives them as a number; a date or rubbish counts as not given."""
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _rate_limits(headers: Mapping[str, str]) -> dict[str, str]:
    prefix = "anthropic-ratelimit-"
    return {key[len(prefix) :]: headers[key] for key in headers if key.startswith(prefix)}
