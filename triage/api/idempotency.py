"""`Idempotency-Key`: the same POST sent again gets the same answer, and nothing is created twice.

What a POST creates and the answer that is kept are committed together, so a crash leaves both or neither. While the first is
at work an equal request waits for it, holding no database connection; the lock is the transaction's own and dies with it.
"""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from time import monotonic, sleep
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from triage.api import errors
from triage.api.base import Endpoint
from triage.models import KeptAnswer

KEY, LOOKUP = "Idempotency-Key", "x-idempotency-lookup"
KEY_MAX_CHARACTERS = 255
KEPT_HOURS = 24
WAIT_SECONDS = 10.0
POLL_SECONDS = 0.05
KEPT_HEADERS = ("Location",)

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """The POST, done once for each key of a token on a path."""

    @wraps(handler)
    def post(view: Endpoint, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(KEY)
        if key is None:
            return handler(view, request, *args, **kwargs)
        _check_key(key)
        return _once(view, request, key, lambda: handler(view, request, *args, **kwargs))

    return post


def _check_key(key: str) -> None:
    if not key or len(key) > KEY_MAX_CHARACTERS or not key.isascii() or not key.isprintable():
        fault = f"Must be 1 to {KEY_MAX_CHARACTERS} printable ASCII characters."
        raise ValidationError({KEY: [fault]}, code="invalid")


def _once(view: Endpoint, request: Request, key: str, work: Callable[[], Response]) -> Response:
    digest = _digest(request)
    row = {"token": view.token, "path": request.path[:200], "key": key}
    ends = monotonic() + WAIT_SECONDS
    while True:
        with transaction.atomic():
            if _lock(view.token.pk, request.path, key):
                kept = _find(row)
                if kept is None:
                    return _first(view, request, row, digest, work)
                return _again(kept, digest)
        connection.close()  # back to the pool: many may wait for one
        if monotonic() > ends:
            return _in_use()
        sleep(POLL_SECONDS)


def _digest(request: Request) -> str:
    """What tells one body from another; of an upload, its fields and files."""
    digest = hashlib.sha256((request.content_type or "").partition(";")[0].encode())
    if request.content_type.startswith("multipart/"):
        for name, value in sorted(request.POST.items()):
            digest.update(json.dumps([name, value]).encode())
        for name, file in sorted(request.FILES.items()):
            digest.update(json.dumps([name, file.name, file.size]).encode())
            for chunk in file.chunks():
                digest.update(chunk)
    else:
        digest.update(request._request.body)  # noqa: SLF001 - read whole now, so that it can still be parsed
    return digest.hexdigest()


def _lock(token_id: int, path: str, key: str) -> bool:
    """Whether this transaction is alone with the key."""
    name = hashlib.sha256(f"{token_id}\n{path}\n{key}".encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(name, "big", signed=True)]
        )
        return bool(cursor.fetchone()[0])


def _find(row: dict[str, Any]) -> KeptAnswer | None:
    """The kept answer; one that is too old is forgotten."""
    kept = KeptAnswer.objects.filter(**row).first()
    if kept and (timezone.now() - kept.created_at).total_seconds() > KEPT_HOURS * 3600:
        kept.delete()
        return None
    return kept


def _first(
    view: Endpoint,
    request: Request,
    row: dict[str, Any],
    digest: str,
    work: Callable[[], Response],
) -> Response:
    """Do it, and keep the answer: 4xx too, but none of a fault that is ours."""
    response = _worked(view, work)
    view.headers[LOOKUP] = "miss"
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        transaction.set_rollback(True)
        return response
    rendered = view.finalize_response(request, response).render()
    KeptAnswer.objects.create(
        **row,
        body_digest=digest,
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body=rendered.content.decode(),
    )
    return response


def _worked(view: Endpoint, work: Callable[[], Response]) -> Response:
    """The answer, an error's too; of what failed nothing stays."""
    try:
        with transaction.atomic():
            return work()
    except Exception as error:  # noqa: BLE001 - the framework's own handler makes an answer of any
        return view.handle_exception(error)


def _again(kept: KeptAnswer, digest: str) -> Response:
    if kept.body_digest != digest:
        return errors.answer(
            HTTPStatus.CONFLICT,
            "idempotency_key_reused",
            "This Idempotency-Key came before with another body.",
        )
    headers = {**kept.headers, LOOKUP: "hit"}
    return Response(json.loads(kept.body), status=kept.status, headers=headers)


def _in_use() -> Response:
    return errors.answer(
        HTTPStatus.CONFLICT,
        "idempotency_key_in_use",
        "The first request with this Idempotency-Key is still at work. Ask again soon.",
        headers={"Retry-After": "1"},
    )
