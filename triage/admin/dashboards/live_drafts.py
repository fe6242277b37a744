"""All drafts underway as one stream of server-sent events: a browser opens no more than six connections to a host.

The stream ends by itself after some minutes, and the page comes back: so whoever is no admin any more sees no more either.
"""

import json
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from time import monotonic

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from triage.admin.dashboards.live_view import Told
from triage.admin.dashboards.live_watch import watch
from triage.selectors.reports.underway import FOLLOWED_AT_MOST
from triage.services.drafts.wire import PING, PING_SECONDS, RETRY

LASTS_SECONDS = 240.0
ID_MAX_DIGITS = 18


@require_GET
def live_drafts(request: HttpRequest) -> StreamingHttpResponse:
    """`?had=12,15`: the drafts that the page still shows as underway."""
    return StreamingHttpResponse(
        event_stream(read_ids(request.GET.get("had", ""))),
        content_type="text/event-stream; charset=utf-8",
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


def read_ids(text: str) -> list[int]:
    """The numbers in a list with commas, at most as many as a page shows; what is none is left out."""
    words = text.split(",", FOLLOWED_AT_MOST)[:FOLLOWED_AT_MOST]
    return [
        int(word)
        for word in words
        if word.isascii() and word.isdigit() and len(word) <= ID_MAX_DIGITS
    ]


async def event_stream(had: Collection[int] = ()) -> AsyncIterator[str]:
    """What `watch` tells, with a comment every ten seconds in which there is nothing."""
    yield RETRY
    ends_at = monotonic() + LASTS_SECONDS
    ping_at = monotonic() + PING_SECONDS
    async with aclosing(watch(had)) as happenings:
        async for told in happenings:
            now = monotonic()
            if told or now >= ping_at:
                ping_at = now + PING_SECONDS
                yield as_text(told) if told else PING
            if told is None and now >= ends_at:
                return


def as_text(told: Told) -> str:
    """One event; its data is one line of JSON."""
    return f"event: {told.name}\ndata: {json.dumps(told.data, ensure_ascii=False)}\n\n"
