"""The SDK's client, and the two blocks that calls of it stand in: one for asking, one for reading what came."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from threading import Lock

import anthropic
import httpx2
from django.conf import settings

from triage.exceptions import ConnectionLost
from triage.services.gateway.client.clocks import Clock, TimeUp
from triage.services.gateway.client.connections import Transport
from triage.services.gateway.client.errors import UNCALLED, UNREADABLE, translated

CONNECT_SECONDS = 3.0


_making = Lock()  # two threads that begin at once would make two, and one would never be closed


@cache  # a process has one; one that is thrown away would leave its connections open
def client_for(key: str, base_url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        api_key=key,
        base_url=base_url,
        max_retries=0,  # the route retries; two layers would multiply
        http_client=httpx2.Client(transport=Transport(), trust_env=False),
        open_telemetry=False,  # would send a trace header to the provider
    )


def client() -> anthropic.Anthropic:
    """The process's client for the key and the address in the settings."""
    with _making:
        return client_for(settings.ANTHROPIC_API_KEY or "missing", settings.ANTHROPIC_BASE_URL)


def timeout(seconds: float) -> httpx2.Timeout:
    """The HTTP library's own timeouts, each for one step; the whole is the clock's business."""
    return httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


@contextmanager
def asking(clock: Clock) -> Iterator[None]:
    """A block that asks Claude under `clock`, and from which only our errors come.

    Raises:
        AttemptFailed: One of its kinds.
    """
    try:
        with clock:
            yield
    except TimeUp as error:
        raise translated(httpx2.ReadTimeout(str(error))) from error
    except UNCALLED as error:
        raise translated(error) from error


@contextmanager
def reading() -> Iterator[None]:
    """A block that takes apart what came with a 200.

    Raises:
        ConnectionLost: It is no answer of Claude's, as from a proxy in between.
    """
    try:
        yield
    except UNREADABLE as error:
        raise ConnectionLost("What came back is no answer of Claude's.") from error


def utc(at: datetime) -> datetime:
    """A time of the API's, aware. Raises one of `UNREADABLE` where it is none."""
    return at.astimezone(UTC)
