"""Reading the live streams of drafts without holding a thread. With Redis down they bring nothing, and one waits instead."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from triage.services.drafts.live import key_of, read_entry
from triage.services.drafts.places import Entry, Place
from triage.services.gateway.fleet.outage import REDIS_ERRORS

ENTRIES_AT_ONCE = 200
ANSWER_SECONDS = 2.0  # beyond the wait that was asked for


class Tails:
    """The entries of any drafts' streams; the block closes the connection. `is_down`: Redis did not answer just now."""

    def __init__(self) -> None:
        self.is_down = False

    async def __aenter__(self) -> Self:
        self._redis = Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=0.5,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._redis.aclose()

    async def read(self, after: Mapping[int, Place], *, seconds: float) -> dict[int, list[Entry]]:
        """The entries after each draft's place, as soon as there are any; none once so many seconds are over."""
        try:
            found = await self._ask(after, seconds)
        except REDIS_ERRORS:
            self.is_down = True
            await asyncio.sleep(seconds)
            return {}
        self.is_down = False
        return found

    async def _ask(self, after: Mapping[int, Place], seconds: float) -> dict[int, list[Entry]]:
        if not after:
            await self._redis.ping()
            await asyncio.sleep(seconds)
            return {}
        drafts = {key_of(draft_id).encode(): draft_id for draft_id in after}
        places: dict[Any, Any] = {key_of(draft_id): str(place) for draft_id, place in after.items()}
        wait_ms = max(1, round(seconds * 1000))
        found = await self._redis.xread(places, count=ENTRIES_AT_ONCE, block=wait_ms)
        streams = cast("list[tuple[bytes, list[Any]]]", found)
        return {drafts[key]: [read_entry(entry) for entry in entries] for key, entries in streams}


class Tail:
    """The entries of one draft's stream, over a connection of its own that the block closes."""

    def __init__(self, draft_id: int) -> None:
        self._draft_id = draft_id
        self._tails = Tails()

    async def __aenter__(self) -> Self:
        await self._tails.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._tails.__aexit__(kind, error, traceback)

    async def read(self, after: Place, *, seconds: float) -> list[Entry]:
        """The entries after that place, as soon as there are any; none once so many seconds are over."""
        found = await self._tails.read({self._draft_id: after}, seconds=seconds)
        return found.get(self._draft_id, [])
