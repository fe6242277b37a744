"""When two requests are the same: a SHA-256 of everything that changes the answer, and of nothing that does not."""

import hashlib
import json
from functools import lru_cache
from typing import Any

from triage.services.gateway.request import Request

API_VERSION = "2026-10-21"  # what the SDK sends; a test compares


def fingerprint_of(request: Request, body: dict[str, Any]) -> str:
    """The fingerprint of `request` in the shape `body` that its first model gets."""
    parts = {
        **{key: value for key, value in body.items() if key != "system"},
        "system": _digest(request.system),
        "api_version": API_VERSION,
        "prompt_version": request.prompt_version,
        "taxonomy_version": request.taxonomy_version,
    }
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def guide_digest_of(request: Request) -> str:
    """The digest of what all calls of a version share: the system prompt and the answer's schema."""
    schema = json.dumps(request.schema, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{_digest(request.system)}{schema}".encode()).hexdigest()


@lru_cache(maxsize=32)
def _digest(system: str) -> str:
    """The system prompt is long and the same for all calls of a version: hash it once."""
    return hashlib.sha256(system.encode("utf-8", "surrogatepass")).hexdigest()
