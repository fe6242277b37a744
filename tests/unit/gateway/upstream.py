"""A stand-in for the API that answers word for word what a test scripts, over real HTTP.

For what the simulator, which answers by the rules, never says: bad JSON, invented labels, proxies' pages.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Canned:
    """One answer: `body` is sent as it is when it is bytes, else as JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came."""

    headers: Message
    body: dict[str, Any]


Script = Callable[[dict[str, Any]], Canned]


class Upstream(ThreadingHTTPServer):
    """Answers each request with what `script` says to its body; `heard` keeps them all."""

    daemon_threads = True
    script: Script
    heard: list[Heard]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def reset(self) -> None:
        self.says(message("{}"))
        self.heard = []

    def says(self, answer: Canned) -> None:
        """The same answer to every request."""
        self.script = lambda _: answer

    @property
    def models(self) -> list[str]:
        """The models that were asked, in order."""
        return [str(request.body["model"]) for request in self.heard]


class _Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.heard.append(Heard(self.headers, body))
        canned = self.server.script(body)
        is_raw = isinstance(canned.body, bytes)
        sent = canned.body if is_raw else json.dumps(canned.body).encode()
        self.send_response(canned.status)
        headers = {"content-type": "application/json", "content-length": str(len(sent))}
        for name, value in {**headers, **canned.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the base)
        """Nothing: tests print nothing."""


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
