"""Our error for whatever the SDK, the HTTP library or the API itself reports; none of theirs comes through."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import Any

import anthropic
import httpx2

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

SPEND_CAPS = {"enforced_spend_limit_reached", "contract_spend_limit_reached"}
RETRIED_STATUSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT}
KEY_STATUSES = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}
OVERLOADED = 529
# An error without a status of its own, in a stream that began with a 200 or in a batch's results, has only its type. One that
# is not listed came after the request was accepted, so it is no fault of ours.
STATUS_OF_TYPE: dict[str | None, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": OVERLOADED,
}
# What the SDK's own calls can raise, and what reading a 200 that is no answer of Claude's raises.
UNCALLED = (anthropic.AnthropicError, httpx2.HTTPError, httpx2.InvalidURL)
UNREADABLE = (anthropic.AnthropicError, AttributeError, KeyError, TypeError, ValueError)


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
        "retry_after_seconds": retry_after_seconds(error.response.headers),
        "rate_limits": rate_limits(error.response.headers),
    }
    said = error.api_message or f"HTTP {error.status_code}"
    kind = class_of(error.status_code, error.type, error.error_code)
    return kind(f"Claude answered: {said}", **details)


def class_of(status: int, kind: str | None, code: str | None = None) -> type[AttemptFailed]:
    """Our class for an error of the API: by its status, or by its type where the status is 200."""
    if status == HTTPStatus.OK:
        status = STATUS_OF_TYPE.get(kind, HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == OVERLOADED or kind == "overloaded_error":
        return Overloaded
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SpendCapReached if code in SPEND_CAPS else RateLimited
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


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, at least 0, of `retry-after-ms` or else `retry-after`; rubbish counts as not given."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    header = headers.get("retry-after", "")
    seconds = _number(header)
    return _seconds_until(header) if seconds is None else seconds


def _number(header: str) -> float | None:
    try:
        number = float(header)
    except ValueError:
        return None
    return max(0.0, number) if isfinite(number) else None


def _seconds_until(http_date: str) -> float | None:
    try:
        at = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)  # a date "-0000" is UTC too
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def rate_limits(headers: Mapping[str, str]) -> dict[str, str]:
    """The rate-limit headers, by what follows their common prefix."""
    prefix = "anthropic-ratelimit-"
    return {key[len(prefix) :]: headers[key] for key in headers if key.startswith(prefix)}
