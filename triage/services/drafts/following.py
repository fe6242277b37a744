"""events(): a draft as it is written, for any number of readers, each from where they stand. No character twice, none missing.

The live stream brings the text at once; the row, read every second, has whatever the stream has not: text that was trimmed or
that Redis never got, the names of the sources, that the customer has written again, and how it ended. Both are the same text
with the same citations in the same order, so a reader who knows how many of each have been told can take the rest from either.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from asgiref.sync import sync_to_async
from django.db import connection

from triage.models import Draft, DraftState
from triage.selectors.drafts import error_object, outcome_object
from triage.selectors.objects import Json, time_of
from triage.services.drafts.citing import citations_in
from triage.services.drafts.places import Citation, Entry, Number, Place
from triage.services.drafts.tail import Tail

ROW_SECONDS = 1.0  # a stale draft is told so within this
GAP_SECONDS = 0.25  # until the row is looked at again for what the stream lacks


class EventName(StrEnum):
    STARTED = "draft.started"
    DELTA = "draft.delta"
    CITATION = "draft.citation"
    STALE = "draft.stale"
    DONE = "draft.done"
    ERROR = "draft.error"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a reader is told. `id` is the place from which `events` goes on after it."""

    id: str
    name: EventName
    data: Json


async def events(draft_id: int, *, after: str = "") -> AsyncGenerator[Event, None]:
    """What happens to the draft from `after` on, the id of the last event that was seen; ends after `done` or `error`.

    `started {draft_id}`, then `delta {text}` many times, `citation {id, title, url, at}` once for each source that the text up to
    the character `at` rests on, `stale {stale_at}` once for each reader, and in the end
    `done {state, usage, cost_usd, obtained, model, notice}`, or the same as `error` with `code` and `message`. The end is told
    anew to whoever comes after it. Holds no database connection between the events.

    Raises:
        Draft.DoesNotExist: There is no such draft.
    """
    teller = Teller(draft_id, Place.parse(after))
    async with Tail(draft_id) as tail:
        while True:
            draft = await sync_to_async(_read)(draft_id)
            for event in teller.tell_row(draft):
                yield event
            if not draft.is_underway:
                return
            if teller.misses_something:
                await asyncio.sleep(GAP_SECONDS)
            look_at = monotonic() + ROW_SECONDS
            teller.wants_row = teller.misses_something = False
            while not teller.wants_row and (left := look_at - monotonic()) > 0:
                for event in teller.tell(await tail.read(teller.place, seconds=left)):
                    yield event


def is_all_told(draft: Draft, *, after: str) -> bool:
    """Whether a reader who has come to `after` knows how the draft ended."""
    return not draft.is_underway and Place.parse(after).number == Number.END


def _read(draft_id: int) -> Draft:
    """The row; the connection is back in the pool afterwards, for a reader may stay long."""
    try:
        return Draft.objects.get(pk=draft_id)
    finally:
        if not connection.in_atomic_block:
            connection.close()


class Teller:
    """What one reader has been told, and what the stream and the row add to it.

    `wants_row`: the stream says that it is over, or, with `misses_something`, it lacks what the row will have.
    """

    def __init__(self, draft_id: int, place: Place) -> None:
        self.place = place
        self.wants_row = False
        self.misses_something = False
        self._draft_id = draft_id
        self._is_stale_told = False
        self._sources: dict[int, Json] = {}

    def tell(self, entries: Iterable[Entry]) -> Iterator[Event]:
        """What these entries of the stream add."""
        for entry in entries:
            if entry.is_end:
                self.wants_row = True
                return
            yield from self._start()
            piece = entry.after(self.place.characters)
            if piece is None:
                self.wants_row = self.misses_something = True
                return
            yield from self._delta(piece)
            yield from self._cite(entry.citations)

    def tell_row(self, draft: Draft) -> Iterator[Event]:
        """What the row adds."""
        self._sources = {source["id"]: source for source in draft.sources}
        if draft.claims or draft.text:  # one that goes on with another begins with its text
            yield from self._start()
            yield from self._delta(draft.text[self.place.characters :])
            yield from self._cite(citations_in(draft.sources))
        if draft.stale_at and draft.claims and not self._is_stale_told:
            self._is_stale_told = True
            yield Event(str(self.place), EventName.STALE, {"stale_at": time_of(draft.stale_at)})
        if not draft.is_underway:
            yield self._end(draft)

    def _start(self) -> Iterator[Event]:
        if self.place == Place():
            self.place = Place.told(0)
            yield Event(str(self.place), EventName.STARTED, {"draft_id": self._draft_id})

    def _delta(self, text: str) -> Iterator[Event]:
        if text:
            characters = self.place.characters + len(text)
            self.place = Place.told(characters, self.place.citations)
            yield Event(str(self.place), EventName.DELTA, {"text": text})

    def _cite(self, citations: tuple[Citation, ...]) -> Iterator[Event]:
        """What has been cited beyond what was told; the row names the sources before the text begins."""
        for citation in citations[self.place.citations :]:
            source = self._sources.get(citation.source_id)
            if source is None:
                self.wants_row = self.misses_something = True
                return
            self.place = Place.told(self.place.characters, self.place.citations + 1)
            named = {name: source[name] for name in ("id", "title", "url")}
            yield Event(str(self.place), EventName.CITATION, {**named, "at": citation.at})

    def _end(self, draft: Draft) -> Event:
        self.place = Place(self.place.characters, Number.END)
        ending = {"state": draft.state, **outcome_object(draft)}
        if draft.state in (DraftState.BROKEN, DraftState.FAILED):
            return Event(
                str(self.place), EventName.ERROR, {**(error_object(draft) or {}), **ending}
            )
        return Event(str(self.place), EventName.DONE, ending)
