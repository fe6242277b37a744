"""The client's connection: its body read with a limit, its end noticed, its TCP reset.

A reset needs the transport, which the simulator's own server puts into the ASGI scope.
"""

import asyncio
import json
import socket
import struct

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from triage.simulator import errors

MAX_BODY_BYTES = 32 * 1024 * 1024
NO_LINGER = struct.pack("ii", 1, 0)  # closing drops what is unsent and sends RST


class Connection:
    """One HTTP exchange."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.request = Request(scope, receive)

    async def read_json(self, *, max_bytes: int = MAX_BODY_BYTES) -> object:
        """The parsed body.

        A body that is too large is read to its end and dropped, so that the client sees the
        answer instead of a broken pipe.

        Raises:
            ApiError: 413 over `max_bytes`, 400 when it is not JSON.
            ClientDisconnect: The client left before it had sent everything.
        """
        chunks: list[bytes] = []
        size = 0
        async for chunk in self.request.stream():
            size += len(chunk)
            if size > max_bytes:
                chunks.clear()
            else:
                chunks.append(chunk)
        if size > max_bytes:
            raise errors.too_large()
        return _parse(b"".join(chunks))

    async def wait_until_gone(self) -> None:
        """Return when the client has closed; the body must have been read."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def is_gone(self) -> bool:
        """Whether the client has already closed."""
        return await self.request.is_disconnected()

    async def start(self, status: int, headers: dict[str, str]) -> None:
        """Send the status line and the headers."""
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes, *, is_last: bool = False) -> None:
        """Send a piece of the body."""
        part: Message = {"type": "http.response.body", "body": data, "more_body": not is_last}
        await self.send(part)

    async def reset(self) -> None:
        """Reset the TCP connection: the client sees RST, not an end."""
        sock = self._transport().get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._transport().abort()
        await self.wait_until_gone()

    async def drop(self) -> None:
        """Deliver what was written, then close without ending the answer."""
        self._transport().close()
        await self.wait_until_gone()

    def _transport(self) -> asyncio.Transport:
        transport = self.scope.get("state", {}).get("transport")
        if not isinstance(transport, asyncio.Transport):
            raise RuntimeError("this scenario needs the simulator's own server")
        return transport


def _parse(data: bytes) -> object:
    """The JSON in `data`; lone surrogates, NaN and endless nesting are not JSON."""
    try:
        text = data.decode()
        parsed: object = json.loads(text, parse_constant=_refuse_constant)
        if "\\ud" in text.lower():
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise errors.invalid("The request body is not valid JSON") from None
    return parsed


def _refuse_constant(name: str) -> object:
    raise ValueError(name)
