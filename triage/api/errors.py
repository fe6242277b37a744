"""Every error as one body: `{"error": {"code", "message", "details": [{"field", "code", "message"}], "request_id"}}`."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from triage.exceptions import (
    Conflict,
    DraftsUnavailable,
    GatewayError,
    InvalidInput,
    LimitReached,
    NoTaxonomy,
    TriageError,
)

log = structlog.get_logger(__name__)

RETRY_SECONDS = 30  # where nobody knows better
STATUSES: dict[type[TriageError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflict: HTTPStatus.CONFLICT,
    NoTaxonomy: HTTPStatus.CONFLICT,
    LimitReached: HTTPStatus.TOO_MANY_REQUESTS,
    DraftsUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    GatewayError: HTTPStatus.SERVICE_UNAVAILABLE,
    TriageError: HTTPStatus.BAD_REQUEST,
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """The answer to any exception of an endpoint. What nobody expected is logged, and told nothing of."""
    if isinstance(error, TriageError):
        return _of_ours(error)
    if isinstance(error, (Http404, ObjectDoesNotExist)):
        return answer(HTTPStatus.NOT_FOUND, "not_found", "There is no such thing.")
    if isinstance(error, PermissionDenied):
        return answer(HTTPStatus.FORBIDDEN, "forbidden", "You may not do this.")
    if isinstance(error, exceptions.ValidationError):
        return invalid([*_details(error.detail, error.get_codes())])
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    log.error("a request failed", exc_info=error)
    return answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "Something went wrong on our side. It has been noted under this request id.",
    )


def answer(
    status: int,
    code: str,
    message: str,
    *,
    details: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error's answer."""
    return Response(body(code, message, details), status=status, headers=dict(headers or {}))


def body(code: str, message: str, details: list[dict[str, str]] | None = None) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "details": details or [],
            "request_id": request_id(),
        }
    }


def request_id() -> str:
    """The id under which this request stands in the logs."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def invalid(details: list[dict[str, str]]) -> Response:
    """A 422 that names the fields."""
    first = details[0] if details else {"field": "", "message": "The request is not valid."}
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, details=details)


def _of_ours(error: TriageError) -> Response:
    if isinstance(error, InvalidInput):
        return invalid([{"field": error.field, "code": "invalid", "message": error.message}])
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    return answer(status, error.code, str(error), headers=_retry_after(error, status))


def _retry_after(error: TriageError, status: HTTPStatus) -> dict[str, str]:
    if status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return {}
    seconds = getattr(error, "retry_after_seconds", None) or RETRY_SECONDS
    return {"Retry-After": str(max(1, ceil(seconds)))}


def _of_framework(error: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, ceil(wait)))
    code = error.get_codes()
    return answer(
        error.status_code,
        CODES.get(str(code), str(code)),
        str(error.detail),
        headers=headers,
    )


CODES = {
    "parse_error": "bad_json",
    "permission_denied": "forbidden",
    "authentication_failed": "not_authenticated",
    "throttled": "rate_limited",
}


def _details(detail: Any, codes: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Each fault with the path of its field: `requester.email`, `tickets[3].subject`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _details(inner, codes[name], _path(field, name))
    elif isinstance(detail, (list, tuple)):
        for number, inner in enumerate(detail):
            is_item = isinstance(inner, Mapping)
            path = f"{field}[{number}]" if is_item else field
            yield from _details(inner, codes[number], path)
    else:
        yield {"field": field, "code": str(codes), "message": str(detail)}


def _path(field: str, name: str | int) -> str:
    if name == "non_field_errors":
        return field
    if isinstance(name, int):
        return f"{field}[{name}]"
    return f"{field}.{name}" if field else name
