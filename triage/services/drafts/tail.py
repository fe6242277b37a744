"""Reading the live stream of a draft without holding a thread. With Redis down it brings nothing, and waits instead."""

import asyncio
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


class Tail:
    """The entries of one draft's stream, over a connection of its own that the block closes."""

    def __init__(self, draft_id: int) -> None:
        self._key = key_of(draft_id)

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

    async def read(self, after: Place, *, seconds: float) -> list[Entry]:
        """The entries after that place, as soon as there are any; none once so many seconds are over."""
        wait_ms = max(1, round(seconds * 1000))
        try:
            found = await self._redis.xread(
                {self._key: str(after)}, count=ENTRIES_AT_ONCE, block=wait_ms
            )
        except REDIS_ERRORS:
            await asyncio.sleep(seconds)
            return []
        streams = cast("list[tuple[bytes, list[Any]]]", found)
        return [read_entry(entry) for _, entries in streams for entry in entries]
