"""The simulator on a port: blocking for a command, in a thread for tests."""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from triage.simulator.app import build_app
from triage.simulator.remote import RunningSimulator
from triage.simulator.state import Simulator
from triage.simulator.wire import Clock

STOP_SECONDS = 5
START_SECONDS = 10.0


def run(
    *,
    host: str = "127.0.0.1",
    port: int,
    scenario: str = "calm",
    seed: int = 0,
    latency_ms: int | None = None,
    word_ms: int = 20,
) -> None:
    """Serve until SIGINT or SIGTERM, then return.

    Raises:
        ValueError: The scenario is unknown.
        SystemExit: The port cannot be taken; the message is one line.
    """
    app = build_app(scenario=scenario, seed=seed, latency_ms=latency_ms, word_ms=word_ms)
    with closing(_bind(host, port)) as sock:
        print(f"simulator: http://{host}:{sock.getsockname()[1]}", flush=True)
        _Server(app).run(sockets=[sock])


@contextmanager
def running(
    *,
    scenario: str = "calm",
    seed: int = 0,
    latency_ms: int | None = None,
    word_ms: int = 0,
    clock: Clock = time.time,
) -> Iterator[RunningSimulator]:
    """A simulator on a free port of the loopback, stopped on exit."""
    app = build_app(
        scenario=scenario, seed=seed, latency_ms=latency_ms, word_ms=word_ms, clock=clock
    )
    host = "127.0.0.1"
    with closing(_bind(host, 0)) as sock:
        server = _Server(app)
        thread = threading.Thread(target=server.run, args=([sock],), name="simulator", daemon=True)
        thread.start()
        try:
            server.wait_until_started(thread)
            yield RunningSimulator(host, sock.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


class _Protocol(H11Protocol):
    """Puts the transport into the scope, for scenarios that break the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """Stops at once: open connections are closed, waits are ended, signals are not re-raised."""

    def __init__(self, app: Starlette) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        super().__init__(config)
        self._simulator: Simulator = app.state.simulator

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGINT and SIGTERM end the server; that is its normal end."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End waits and connections, then stop as usual."""
        self._simulator.stopping.set()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    def wait_until_started(self, thread: threading.Thread) -> None:
        """Block until the port answers.

        Raises:
            RuntimeError: The server ended, or is not up in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the simulator did not start")
            time.sleep(0.005)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer that is
    # written in two parts waits 40 ms for the client's acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen()
    except OSError as error:
        sock.close()
        sys.exit(f"simulator: cannot listen on {host}:{port}: {error.strerror}; use another port")
    return sock
