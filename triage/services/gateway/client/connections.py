"""Connections to Claude that keep to the clock of the thread that uses them, pooled for the whole process."""

from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

import httpcore2
import httpx2

from triage.services.gateway.client.clocks import Limit, find_running

MAX_CONNECTIONS = 256
MAX_IDLE_CONNECTIONS = 128
IDLE_SECONDS = 5.0
WRITE_BYTES = 65_536  # written between two looks at the clock


class Transport(httpx2.HTTPTransport):
    """`httpx2`'s own, on connections that keep to the clock. HTTP/1.1: one exchange to a connection, read by its own thread."""

    def __init__(self) -> None:
        context = httpx2.create_ssl_context()
        super().__init__(verify=context)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=ClockedBackend(),
        )


class ClockedBackend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        stream = super().connect_tcp(host, port, _within(timeout), local_address, socket_options)
        return ClockedStream(stream)


class ClockedStream(httpcore2.NetworkStream):
    """One connection. A read without a clock waits for the HTTP library's timeout, as usual."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        clock = find_running()
        if clock is None:
            return self._stream.read(max_bytes, timeout)
        while True:
            wait = clock.check()
            try:
                data = self._stream.read(max_bytes, wait)
            except httpcore2.ReadTimeout:
                continue
            clock.came(Limit.BYTE)
            return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_BYTES):
            self._stream.write(buffer[start : start + WRITE_BYTES], _within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return ClockedStream(self._stream.start_tls(ssl_context, server_hostname, _within(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _within(timeout: float | None) -> float | None:
    clock = find_running()
    return clock.within(timeout) if clock else timeout
