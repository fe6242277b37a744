"""Errors as the Messages API words them.

Shape and types follow the public error reference: `{"type": "error", "error": {"type",
"message"}, "request_id"}` with the request id repeated in the `request-id` header.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import JSONResponse

from triage.simulator.wire import JsonObject


@dataclass(eq=False)
class ApiError(Exception):
    """A request the simulator answers with an error status."""

    status: int
    kind: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    is_injected: bool = False

    @property
    def is_refusal(self) -> bool:
        """Whether the request itself was at fault, rather than the service or the scenario."""
        return self.status < 500 and self.status != 429 and not self.is_injected

    def response(self, request_id: str) -> JSONResponse:
        """This error as an HTTP answer that names the request."""
        headers = {"request-id": request_id, **self.headers}
        return JSONResponse(self.body(request_id), self.status, headers)

    def body(self, request_id: str) -> JsonObject:
        """The JSON body, with `details.error_code` where the error has a code."""
        error: JsonObject = {"type": self.kind, "message": self.message}
        if self.code is not None:
            error["details"] = {"error_code": self.code}
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(message: str) -> ApiError:
    """400: the request breaks a documented rule; `message` names the field."""
    return ApiError(400, "invalid_request_error", message)


def unauthenticated(message: str) -> ApiError:
    """401: no key, or one that is not accepted."""
    return ApiError(401, "authentication_error", message)


def not_found(message: str) -> ApiError:
    """404: an unknown or retired model, or an unknown path."""
    return ApiError(404, "not_found_error", message)


def too_large() -> ApiError:
    """413: the body is over 32 MB."""
    return ApiError(413, "request_too_large", "Request exceeds the maximum size")


def rate_limited(
    retry_after_seconds: int | None, headers: Mapping[str, str] | None = None
) -> ApiError:
    """429, with `retry-after` unless that is None."""
    message = "This request would exceed your organization's rate limit. Please try again later."
    wait = {} if retry_after_seconds is None else {"retry-after": str(retry_after_seconds)}
    return ApiError(429, "rate_limit_error", message, {**wait, **(headers or {})})


def spend_limit_reached() -> ApiError:
    """429 that no retry mends: the monthly spend limit; it has no `retry-after`."""
    message = "You have reached your monthly spend limit."
    return ApiError(429, "rate_limit_error", message, code="enforced_spend_limit_reached")


def overloaded() -> ApiError:
    """529; whether the hosted API adds `retry-after` is not documented, so it is absent."""
    return ApiError(529, "overloaded_error", "Overloaded")


def broken() -> ApiError:
    """500."""
    return ApiError(500, "api_error", "Internal server error")


def unavailable() -> ApiError:
    """503; its `type` is not documented, so it is that of a 500."""
    return ApiError(503, "api_error", "Service unavailable")


def timed_out() -> ApiError:
    """408; its `type` is not documented, so it is that of a 504."""
    return ApiError(408, "timeout_error", "Request timed out")
