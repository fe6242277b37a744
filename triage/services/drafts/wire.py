"""A draft's events as `text/event-stream`: what browsers and integrations read line by line."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

from triage.services.drafts.following import Event, events

PING_SECONDS = (
    10.0  # proxies close a connection that is silent for long; 30 s is the shortest usual limit
)
PING = ": ping\n\n"
RETRY = "retry: 1000\n\n"  # milliseconds until a browser that lost the connection comes back


async def event_stream(draft_id: int, *, after: str = "") -> AsyncIterator[str]:
    """The events from `after` on, with a comment every ten seconds in which there is none."""
    yield RETRY
    async with aclosing(events(draft_id, after=after)) as told:
        upcoming = asyncio.ensure_future(anext(told, None))
        try:
            while True:
                done, _ = await asyncio.wait({upcoming}, timeout=PING_SECONDS)
                if not done:
                    yield PING
                    continue
                event = upcoming.result()
                if event is None:
                    return
                yield as_text(event)
                upcoming = asyncio.ensure_future(anext(told, None))
        finally:
            upcoming.cancel()
            with suppress(asyncio.CancelledError):
                await upcoming


def as_text(event: Event) -> str:
    """One event; its data is one line of JSON."""
    return f"id: {event.id}\nevent: {event.name}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"
