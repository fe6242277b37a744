"""Bodies that are too large are refused at the door: by their announced length, or at the byte that is one too many.

Django would first write a whole body to disk and look at it afterwards.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

UPLOADS = ("/api/v1/imports", "/admin/evaluations/new/")
log = structlog.get_logger(__name__)


class _TooLarge(Exception):
    pass


class BodyLimit:
    """ASGI middleware around `application`: at most `body_bytes` a request, `upload_bytes` for a file to import."""

    def __init__(self, application: Application, *, body_bytes: int, upload_bytes: int) -> None:
        self._application = application
        self._body_bytes = body_bytes
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        most = self._upload_bytes if scope["path"] in UPLOADS else self._body_bytes
        counted, sent = _Counted(receive, most), _Watched(send)
        try:
            _check_length(scope, most)
            await self._application(scope, counted, sent)
        except _TooLarge:
            if sent.has_started:
                raise
            await _refuse(scope, send, most)


class _Counted:
    """`receive`, up to `most` bytes of body."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLarge
        return message


class _Watched:
    """`send`, and whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_started = False

    async def __call__(self, message: Message) -> None:
        self.has_started = True
        await self._send(message)


def _check_length(scope: Scope, most: int) -> None:
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:20]) > most:
        raise _TooLarge


async def _refuse(scope: Scope, send: Send, most: int) -> None:
    request_id = str(uuid4())
    log.warning("a body is too large", request_id=request_id, path=scope["path"], most_bytes=most)
    error = {
        "code": "body_too_large",
        "message": f"The body is larger than {most:,} bytes.",
        "details": [],
        "request_id": request_id,
    }
    body = json.dumps({"error": error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the rest of the body is not read
        (b"x-request-id", request_id.encode()),
    ]
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
