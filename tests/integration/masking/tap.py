"""What goes over the wire to the simulator, byte for byte, while it passes unchanged."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from django.conf import settings

from triage.services.gateway.client import sdk


class Tap:
    """Listens on the loopback and passes everything to `target`; `sent` is all that clients have sent so far."""

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self.sent = bytearray()
        self._target = (str(address.hostname), int(address.port or 0))
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __contains__(self, text: str) -> bool:
        """Whether a client has sent it. For texts that JSON does not escape."""
        return text.encode() in bytes(self.sent)

    def listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                for pipe in ((client, server, self.sent), (server, client, None)):
                    threading.Thread(target=_pass, args=pipe, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pass(source: socket.socket, target: socket.socket, kept: bytearray | None) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            if kept is not None:
                kept.extend(data)
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def tapped(target: str) -> Iterator[Tap]:
    tap = Tap(target)
    thread = threading.Thread(target=tap.listen, daemon=True)
    thread.start()
    try:
        yield tap
    finally:
        sdk.client_for(settings.ANTHROPIC_API_KEY or "missing", tap.base_url).close()
        tap.close()
        thread.join(5)
