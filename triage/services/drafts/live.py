"""The live stream of a draft in Redis: its text as it is written, for whoever is looking, and the wish to stop.

Never the only place of anything: the row has the text in the end, and the wish to stop at once. With Redis down nothing here
raises; readers then go by the row.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from redis import Redis, ResponseError

from triage.exceptions import DraftsUnavailable
from triage.services.drafts.citing import Written
from triage.services.drafts.places import Citation, Entry, Number, Place
from triage.services.gateway.fleet.connection import get_redis
from triage.services.gateway.fleet.outage import REDIS_ERRORS, Outage

ENTRIES_MAX = 2_000  # 20 a second for as long as a draft may take, and some
KEPT_SECONDS = 3_600  # after the last entry
TEXT = "text"
CITATIONS = "citations"

T = TypeVar("T")


def key_of(draft_id: int) -> str:
    return f"triage:draft:{draft_id}"


def check_reachable() -> None:
    """Raises DraftsUnavailable where Redis does not answer."""
    try:
        get_redis().ping()
    except REDIS_ERRORS as error:
        raise DraftsUnavailable(
            "Drafts cannot be written just now: a part of the system that they need (Redis) does not answer. "
            "Tickets and replies are not affected."
        ) from error


def begin(draft_id: int) -> bool:
    """Tell readers that it is being written. Whether Redis took it; so for the two below."""
    return _add(draft_id, Entry(Place.told(0)))


def add(draft_id: int, written: Written, *, after: int = 0) -> bool:
    """Hand on what there is beyond so many characters."""
    place = Place.told(len(written.text), len(written.citations))
    return _add(draft_id, Entry(place, written.text[after:], written.citations))


def end(draft_id: int, *, characters: int) -> bool:
    """Tell readers that it is over: how, they read in the row, which is saved before."""
    return _add(draft_id, Entry(Place(characters, Number.END)))


def whole(draft_id: int, *, known: Written) -> Written:
    """`known`, what the row has, and what the stream has beyond it."""
    nothing: list[Any] = []
    text, citations = known.text, known.citations
    for found in _ask(lambda redis: redis.xrange(key_of(draft_id)) or [], otherwise=nothing):
        entry = read_entry(found)
        text += entry.after(len(text)) or ""
        if len(entry.citations) > len(citations) and entry.place.characters <= len(text):
            citations = entry.citations
    return Written(text, citations)


def ask_to_stop(draft_id: int) -> None:
    """Leave word for the worker that is at it."""
    _ask(lambda redis: redis.set(_stop_key(draft_id), 1, ex=KEPT_SECONDS), otherwise=None)


def is_asked_to_stop(draft_id: int) -> bool:
    return bool(_ask(lambda redis: redis.exists(_stop_key(draft_id)), otherwise=0))


def read_entry(found: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    """An entry as Redis gives it."""
    entry_id, fields = found
    text = fields.get(TEXT.encode(), b"").decode()
    cited = json.loads(fields.get(CITATIONS.encode(), b"[]"))
    citations = tuple(Citation(source_id, at) for source_id, at in cited)
    return Entry(Place.parse(entry_id.decode()), text, citations)


def _add(draft_id: int, entry: Entry) -> bool:
    def adding(redis: Redis) -> bool:
        key = key_of(draft_id)
        pipeline = redis.pipeline(transaction=False)
        pipeline.xadd(key, _fields(entry), id=str(entry.place), maxlen=ENTRIES_MAX)
        pipeline.expire(key, KEPT_SECONDS)
        with suppress(ResponseError):  # it had come, though Redis's answer had not
            pipeline.execute()
        return True

    return _ask(adding, otherwise=False)


def _fields(entry: Entry) -> dict[Any, Any]:
    fields = {TEXT: entry.text}
    if entry.citations:
        cited = [[citation.source_id, citation.at] for citation in entry.citations]
        fields[CITATIONS] = json.dumps(cited)
    return fields


def _ask(question: Callable[[Redis], T], *, otherwise: T) -> T:
    """Redis's answer, or `otherwise` while it is down; then one caller a second finds out whether it still is."""
    return _outage.ask(lambda: question(get_redis()), otherwise=otherwise)


def _stop_key(draft_id: int) -> str:
    return f"{key_of(draft_id)}:stop"


_outage = Outage("drafts are not shown while they are being written")
