"""Bodies that are too large never reach the application, however they are announced."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests import asynchronous
from triage.api.body_limit import UPLOADS, BodyLimit, Message, Receive, Scope, Send


class Echo:
    """An application that reads the whole body and answers how long it was."""

    def __init__(self) -> None:
        self.read_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            self.read_bytes += len(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(self.read_bytes).encode()})


def ask(
    echo: Echo, chunks: Sequence[bytes], *, path: str = "/api/v1/tickets", length: str | None = None
) -> tuple[int, bytes]:
    """The status and body that came back."""
    limited = BodyLimit(echo, body_bytes=100, upload_bytes=1_000)
    waiting = list(chunks)
    sent: list[Message] = []

    async def receive() -> Message:
        body = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-length", length.encode())] if length is not None else []
    scope: dict[str, Any] = {"type": "http", "path": path, "headers": headers}
    asynchronous.run(limited(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_a_body_of_just_the_limit_passes() -> None:
    assert ask(Echo(), [b"x" * 60, b"x" * 40]) == (200, b"100")


def test_an_announced_length_beyond_the_limit_is_refused_before_a_byte_is_read() -> None:
    echo = Echo()

    status, body = ask(echo, [b"x" * 101], length="101")

    error = json.loads(body)["error"]
    assert (status, error["code"]) == (413, "body_too_large")
    assert error["request_id"]
    assert echo.read_bytes == 0


def test_a_body_that_hides_its_length_is_cut_off_at_the_limit() -> None:
    echo = Echo()

    status, _ = ask(echo, [b"x" * 50] * 1_000)

    assert status == 413
    assert echo.read_bytes == 100


@pytest.mark.parametrize("length", ["9" * 500, "101"])
def test_a_length_of_any_size_is_understood(length: str) -> None:
    assert ask(Echo(), [], length=length)[0] == 413


def test_a_file_to_import_may_be_larger() -> None:
    for path in UPLOADS:
        assert ask(Echo(), [b"x" * 500, b"x" * 500], path=path) == (200, b"1000")
        assert ask(Echo(), [b"x" * 1_001], path=path)[0] == 413
