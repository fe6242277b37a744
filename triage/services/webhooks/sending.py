"""One POST to somebody else's server: ten seconds in all, no redirects, no proxies, and only to an address that was checked."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from threading import Timer
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.response import BaseHTTPResponse

from triage.exceptions import InvalidInput
from triage.services.webhooks import addresses
from triage.services.webhooks.addresses import AddressRefused, HostUnknown
from triage.services.webhooks.targets import Target, parse

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 4.0  # to one address; a name may have several
USER_AGENT = "Triage-Webhooks/1"
READ_BYTES = 64 * 1024
KEPT_CHARACTERS = 500
SHORTEST_SECONDS = 0.1  # a timeout of 0 would mean something else


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said, or why nothing came of it.

    `status` is None where no answer came; `error` is in words, "" where one came; `response` is the beginning of its body.
    """

    status: int | None = None
    error: str = ""
    response: str = ""
    retry_after: str = ""
    milliseconds: int = 0


def post(url: str, *, body: str, headers: Mapping[str, str]) -> Answer:
    """Send `body`; whatever goes wrong is in the answer. Takes TOTAL_SECONDS at most."""
    began = monotonic()
    try:
        status, response, retry_after = _post(
            url, body.encode(), headers, ends=began + TOTAL_SECONDS
        )
    except InvalidInput as error:
        return Answer(error=f"The address {error.message}.")
    except (AddressRefused, HostUnknown) as error:
        return Answer(error=str(error), milliseconds=_since(began))
    except (HTTPError, HTTPException, OSError) as error:
        return Answer(error=_in_words(error, began), milliseconds=_since(began))
    return Answer(status, "", response, retry_after, _since(began))


def _post(
    url: str, body: bytes, headers: Mapping[str, str], *, ends: float
) -> tuple[int, str, str]:
    target = parse(url)
    found = addresses.find_allowed(target.host, within_seconds=ends - monotonic())
    with _connected(target, found, ends=ends) as connection:
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={
                "Host": target.host_header,
                "User-Agent": USER_AGENT,
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
                **headers,
            },
            preload_content=False,
        )
        with closing(connection.getresponse()) as answer:
            return answer.status, _beginning(answer), answer.headers.get("Retry-After", "")


@contextmanager
def _connected(target: Target, found: list[str], *, ends: float) -> Iterator[HTTPConnection]:
    """A connection to the first address that takes one, encrypted to `target.host` where it is https.

    Raises:
        HTTPError, OSError: None does, or it has no valid certificate for the host.
    """
    for address in found:
        connection = _build(target, address, ends=ends)
        try:
            connection.connect()
            yield connection
        except (NewConnectionError, ConnectTimeoutError):
            if address == found[-1]:
                raise
        else:
            return
        finally:
            connection.end()


def _build(target: Target, address: str, *, ends: float) -> "_PlainConnection | _TlsConnection":
    timeout = max(SHORTEST_SECONDS, min(CONNECT_SECONDS, ends - monotonic()))
    if target.scheme == "http":
        return _PlainConnection(address, target.port, timeout=timeout, ends=ends)
    return _TlsConnection(
        address,
        target.port,
        timeout=timeout,
        ends=ends,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
    )


class _Ending:
    """Of a connection: at `ends` (monotonic seconds) its socket is shut, however slowly bytes drip in until then."""

    timeout: float | None

    def __init__(self, *args: Any, ends: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ends = ends
        self._held: socket.socket | None = None
        self._timer: Timer | None = None

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        left = max(SHORTEST_SECONDS, self._ends - monotonic())
        self.timeout = left
        sock.settimeout(left)
        self._held = sock.dup()
        self._timer = Timer(left, _shut, [self._held])
        self._timer.daemon = True
        self._timer.start()
        return sock

    def end(self) -> None:
        """`close` alone may come before the body is read."""
        self.close()  # type: ignore[attr-defined]
        if self._timer is not None and self._held is not None:
            self._timer.cancel()
            self._held.close()


class _PlainConnection(_Ending, HTTPConnection):
    pass


class _TlsConnection(_Ending, HTTPSConnection):
    pass


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _beginning(answer: BaseHTTPResponse) -> str:
    """What the log keeps of the body; the status stands, whether or not all of it came."""
    with suppress(HTTPError, HTTPException, OSError):
        read = answer.read(READ_BYTES, decode_content=False)
        return read.decode(errors="replace").replace("\0", "")[:KEPT_CHARACTERS]
    return ""


def _in_words(error: Exception, began: float) -> str:
    if monotonic() - began >= TOTAL_SECONDS or isinstance(error, TimeoutError):
        return f"No answer within {TOTAL_SECONDS:.0f} seconds."
    text = str(error.__cause__ or error) or type(error).__name__
    return f"The connection failed: {text}"[:KEPT_CHARACTERS]


def _since(began: float) -> int:
    return round((monotonic() - began) * 1000)
