"""watch(): every draft underway as it is written, for one reader.

The streams in Redis bring the texts at once; a look at the rows each second brings drafts that are new or over, and whatever the
streams have not.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection
from time import monotonic

from asgiref.sync import sync_to_async
from django.db import connection

from triage.admin.dashboards.live_view import Told, View
from triage.selectors.reports import underway
from triage.selectors.reports.underway import Seen
from triage.services.drafts.tail import Tails

LOOK_SECONDS = 1.0  # a new draft is shown within this
GAP_SECONDS = 0.25  # until a look that a stream calls for
GATHER_SECONDS = 0.1  # what comes within this is told as one piece


async def watch(had: Collection[int] = ()) -> AsyncGenerator[Told | None, None]:
    """What happens to all drafts underway, without end; None after each look. Holds no database connection in between.

    Args:
        had: The drafts that the reader saw underway before the connection broke.
    """
    view = View(had)
    async with Tails() as tails:
        while True:
            seen = await sync_to_async(_look)(view)
            for told in view.see(seen, is_redis_down=tails.is_down):
                yield told
            yield None
            look_at = monotonic() + LOOK_SECONDS
            view.forget_wishes()
            while not view.wants_look and (left := look_at - monotonic()) > 0:
                entries = await tails.read(view.places, seconds=left)
                for told in view.hear(entries):
                    yield told
                if entries:
                    await asyncio.sleep(GAP_SECONDS if view.wants_look else GATHER_SECONDS)


def _look(view: View) -> Seen:
    """The connection is back in the pool afterwards, for a reader may stay long."""
    try:
        return underway.look(view.known, had=view.had)
    finally:
        if not connection.in_atomic_block:
            connection.close()
