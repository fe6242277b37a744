"""Who is asking: the API key and the API version of a request."""

from collections.abc import Mapping

from triage.simulator import errors

INVALID_KEY = "invalid"  # the one key that is refused, so that tests can provoke a 401
VERSIONS = frozenset({"2026-10-21", "2023-06-01"})


def check(headers: Mapping[str, str]) -> str:
    """The key of a request that has both a key and a version.

    Raises:
        ApiError: 401 or 400.
    """
    key = check_key(headers)
    check_version(headers)
    return key


def check_key(headers: Mapping[str, str]) -> str:
    """The key of the request, which also stands for its organisation.

    `x-api-key` wins over `Authorization: Bearer`, as in the hosted API.

    Raises:
        ApiError: 401 without a key or with the key `invalid`.
    """
    key = headers.get("x-api-key", "").strip() or _bearer(headers.get("authorization", ""))
    if not key:
        raise errors.unauthenticated("x-api-key header is required")
    if key == INVALID_KEY:
        raise errors.unauthenticated("invalid x-api-key")
    return key


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse a request without a known `anthropic-version` (400)."""
    version = headers.get("anthropic-version")
    if version is None:
        raise errors.invalid("anthropic-version: header is required")
    if version not in VERSIONS:
        raise errors.invalid(f"anthropic-version: {version!r} is not a valid version")


def _bearer(header: str) -> str:
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
