"""Drafts to write and to follow, and what stands in the database afterwards."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from threading import Thread
from typing import Any, cast

from django.db import connection

from accounts.models import User
from tests import asynchronous
from triage.models import Draft, DraftState
from triage.services import drafts
from triage.services.drafts import Event, EventName
from triage.services.gateway.fleet.connection import get_redis

WAIT_SECONDS = 30.0  # a machine with much else to do is slow


def written(draft: Draft) -> Draft:
    """The draft after a worker has been at it."""
    drafts.write(draft.pk)
    return reread(draft)


def reread(draft: Draft) -> Draft:
    return Draft.objects.get(pk=draft.pk)


def ready(ticket_id: int, *, by: User, **fields: object) -> Draft:
    """A draft as it stands after Claude's whole answer."""
    draft = drafts.propose(ticket_id, by=by)
    values = {"state": DraftState.READY, "text": "Hello, it is on its way.", "claims": 1, **fields}
    Draft.objects.filter(pk=draft.pk).update(finished_at=draft.created_at, **values)
    return reread(draft)


@contextmanager
def being_written(draft: Draft) -> Iterator[None]:
    """A worker's thread is at it; the block ends when it has ended."""

    def work() -> None:
        try:
            drafts.write(draft.pk)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(WAIT_SECONDS)


def follow(draft: Draft, *, after: str = "") -> list[Event]:
    """All events from `after` to the end."""
    return asynchronous.run(_follow(draft.pk, after, None))


def follow_until(draft: Draft, characters: int, *, after: str = "") -> list[Event]:
    """The events until so much text has come, as a reader sees them who then leaves."""
    return asynchronous.run(_follow(draft.pk, after, characters))


def follow_twice(draft: Draft) -> tuple[list[Event], list[Event]]:
    """What two readers see at once."""

    async def both() -> tuple[list[Event], list[Event]]:
        return await asyncio.gather(_follow(draft.pk, "", None), _follow(draft.pk, "", None))

    return asynchronous.run(both())


async def _follow(draft_id: int, after: str, characters: int | None) -> list[Event]:
    found: list[Event] = []
    async with asyncio.timeout(WAIT_SECONDS):
        async with aclosing(drafts.events(draft_id, after=after)) as events:
            async for event in events:
                found.append(event)
                if characters is not None and len(told(found)) >= characters:
                    break
    return found


def told(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name is EventName.DELTA)


def wait_until(is_true: Callable[[], object], *, seconds: float = WAIT_SECONDS) -> None:
    ends = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def readers_in_redis() -> int:
    """How many connections wait for a stream in the Redis database of this run; its neighbours on the server have theirs."""
    redis = get_redis()
    own = str(redis.connection_pool.connection_kwargs.get("db", 0))
    clients = cast("Any", redis.client_list())
    return sum(client["cmd"] == "xread" and client["db"] == own for client in clients)


def connections_in_use() -> int:
    """How many connections of this process's pool somebody holds just now."""
    stats = cast("Any", connection).pool.get_stats()
    return int(stats["pool_size"] - stats["pool_available"])
