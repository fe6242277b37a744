"""A stand-in for the API that answers word for word what a test scripts, over real HTTP.

For what the simulator, which answers by the rules, never says: bad JSON, invented labels, proxies' pages.
"""

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST_SECONDS = 10.0  # no script holds a connection for longer


class Act(Enum):
    """What an answer may do between its bytes."""

    STALL = auto()  # holds the connection open and sends nothing
    RESET = auto()  # breaks the connection
    HANG_UP = auto()  # closes it in good order, the answer's end not sent


Step = bytes | float | Act


@dataclass(frozen=True, slots=True)
class Canned:
    """One answer: `body` is sent as it is when it is bytes, step by step when it is a tuple, else as JSON.

    Of the steps, bytes are a chunk of the answer, and a number is a pause in seconds. Nothing comes before `after_seconds`.
    """

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came."""

    headers: Message
    body: dict[str, Any]
    path: str
    port: int


Script = Callable[[dict[str, Any]], Canned]


class Upstream(ThreadingHTTPServer):
    """Answers each request with what its path is to get, else with what `script` says to its body; `heard` keeps them all.

    `was_left` is set when a client closes its connection before it has the whole answer.
    """

    daemon_threads = True
    script: Script
    by_path: dict[str, Canned]
    heard: list[Heard]
    was_left: threading.Event

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def reset(self) -> None:
        self.says(message("{}"))
        self.by_path = {}
        self.heard = []
        self.was_left = threading.Event()

    def says(self, answer: Canned) -> None:
        """The same answer to every request."""
        self.script = lambda _: answer

    def says_at(self, path: str, answer: Canned) -> None:
        """The same answer to every request for `path`, its query included."""
        self.by_path[path] = answer

    @property
    def models(self) -> list[str]:
        """The models that were asked, in order."""
        return [str(request.body["model"]) for request in self.heard]


class _Handler(BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"
    timeout = LONGEST_SECONDS

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        heard = Heard(self.headers, body, self.path, self.client_address[1])
        self.server.heard.append(heard)
        canned = self.server.by_path.get(self.path) or self.server.script(body)
        try:
            if canned.after_seconds:
                self._wait(canned.after_seconds)
            self.send_response(canned.status)
            self._send(canned)
        except OSError:
            self.server.was_left.set()
            self.close_connection = True
        except _Over:
            self.close_connection = True

    do_GET = do_POST  # noqa: N815  (the base calls it by the method)

    def _send(self, canned: Canned) -> None:
        if isinstance(canned.body, tuple):
            self._head({"transfer-encoding": "chunked", **canned.headers})
            for step in (*canned.body, b""):
                self._do(step)
            return
        is_raw = isinstance(canned.body, bytes)
        sent = canned.body if is_raw else json.dumps(canned.body).encode()
        self._head({"content-length": str(len(sent)), **canned.headers})
        self.wfile.write(sent)

    def _do(self, step: Step) -> None:
        match step:
            case bytes():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(step), step))
            case float():
                self._wait(step)
            case Act.STALL:
                self._wait(LONGEST_SECONDS)
            case Act.RESET:
                self._reset()
                raise _Over
            case Act.HANG_UP:
                raise _Over

    def _reset(self) -> None:
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        os.close(self.connection.detach())

    def _wait(self, seconds: float) -> None:
        """Waits, but no longer than the client does."""
        self.connection.settimeout(seconds)
        try:
            self.connection.recv(1)
        except TimeoutError:
            self.connection.settimeout(self.timeout)
            return
        raise BrokenPipeError

    def _head(self, headers: dict[str, str]) -> None:
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the base)
        """Nothing: tests print nothing."""


class _Over(Exception):
    """The script has ended the connection, or the client has."""


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """An upstream on a free port of the loopback, stopped on exit."""
    with Upstream(("127.0.0.1", 0), _Handler) as server:
        server.reset()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def message(text: str, *, stop_reason: str | None = "end_turn", **usage: Any) -> Canned:
    """A Message with one text block; `usage` adds to 100 tokens in and 20 out."""
    return Canned(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-5-5",
            "content": [{"type": "text", "text": text}],
            "stop_reason": stop_reason,
            "usage": {"input_tokens": 100, "output_tokens": 20, **usage},
        },
        headers={"request-id": "req_1"},
    )


def failure(status: int, kind: str = "", *, code: str = "", **headers: str) -> Canned:
    """An error as the API words it; `headers` with underscores for dashes."""
    details = {"details": {"error_code": code}} if code else {}
    error = {"type": kind, "message": f"It says {kind}.", **details}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Canned({"type": "error", "error": error}, status, {"request-id": "req_2", **named})


def event(kind: str, **data: Any) -> bytes:
    """One server-sent event as the API words it."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
