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

    @property
    def is_refusal(self) -> bool:
        """Whether the request itself was at fault, rather than the service."""
        return self.status < 500 and self.status != 429

    def response(self, request_id: str) -> JSONResponse:
        """This error as an HTTP answer that names the request."""
        headers = {"request-id": request_id, **self.headers}
        return JSONResponse(error_body(self.kind, self.message, request_id), self.status, headers)


def error_body(kind: str, message: str, request_id: str) -> JsonObject:
    """The JSON body of an error."""
    error = {"type": kind, "message": message}
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


def rate_limited(retry_after_seconds: int) -> ApiError:
    """429 with `retry-after`."""
    message = "This request would exceed your organization's rate limit. Please try again later."
    return ApiError(429, "rate_limit_error", message, {"retry-after": str(retry_after_seconds)})


def overloaded() -> ApiError:
    """529; whether the hosted API adds `retry-after` is not documented, so it is absent."""
    return ApiError(529, "overloaded_error", "Overloaded")


def broken() -> ApiError:
    """500."""
    return ApiError(500, "api_error", "Internal server error")
