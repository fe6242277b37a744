"""Brings a draft's text to its readers and into its row while it is being written, and word to stop back to its writer.

A thread of its own, so that neither a slow Redis nor the database holds up the reading of Claude's answer, and so that the
lease is pushed also while Claude says nothing.
"""

from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

import structlog
from django.db import DatabaseError, connection

from triage.models import Draft
from triage.selectors.objects import Json
from triage.services.drafts import claims, live
from triage.services.drafts.citing import CitedText, Written, citations_in, marked
from triage.services.drafts.places import Place

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.05  # 20 entries a second at most
LOOK_SECONDS = 0.2  # with the stream's own 0.4 s this stops it within half a second or so
SAVE_SECONDS = 2.0


class Publisher:
    """Add pieces to it as they come; on leaving the block all of them are in the live stream, if that can be reached.

    `text` is what the draft had before and all that was added, without its markers; `sources` are those given to `begin`, with
    what the text cites. It never raises over Redis or the database: what could not be told is told with the next
    entry, and the whole text is saved at the end by whoever ends the draft.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._sources: list[Json] = draft.sources
        self._reply = CitedText(Written(draft.text, citations_in(draft.sources)))
        self._told = Place()
        self._has_begun = False
        self._is_stopped = False
        self._is_over = Event()
        self._has_text = Event()
        self._is_first_told = False
        self._thread = Thread(target=self._run, name=f"draft-{draft.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._has_text.set()
        self._thread.join()
        self._tell()

    def begin(self, sources: list[Json]) -> None:
        """What comes may cite these."""
        self._sources = sources
        self._reply.known = frozenset(source["id"] for source in sources)

    def add(self, piece: str) -> None:
        self._reply.add(piece)
        self._has_text.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._reply.end()

    @property
    def text(self) -> str:
        return self._reply.written.text

    @property
    def sources(self) -> list[Json]:
        return marked(self._sources, self._reply.written.citations)

    def is_stopped(self) -> bool:
        """Whether somebody wants it to stop, or has ended the draft because it seemed abandoned."""
        return self._is_stopped

    def _run(self) -> None:
        look_at = save_at = monotonic()
        save_at += SAVE_SECONDS
        try:
            while not self._is_over.is_set():
                self._wait()
                self._tell()
                if monotonic() >= look_at:
                    look_at = monotonic() + LOOK_SECONDS
                    self._look()
                if monotonic() >= save_at:
                    save_at = monotonic() + SAVE_SECONDS
                    self._save()
        finally:
            connection.close()

    def _wait(self) -> None:
        """Until there is something to do. The first piece goes on as it comes: it is what somebody waits for."""
        wakes = self._is_over if self._is_first_told else self._has_text
        wakes.wait(TICK_SECONDS)
        self._is_first_told = self._has_text.is_set()

    def _tell(self) -> None:
        """Hand on what is new. Where Redis does not take it, it goes with the next."""
        self._has_begun = self._has_begun or live.begin(self._draft.pk)
        written = self._reply.written
        place = Place.told(len(written.text), len(written.citations))
        is_new = place.characters > self._told.characters or place.citations > self._told.citations
        if is_new and live.add(self._draft.pk, written, after=self._told.characters):
            self._told = place

    def _look(self) -> None:
        self._is_stopped = self._is_stopped or live.is_asked_to_stop(self._draft.pk)

    def _save(self) -> None:
        try:
            kept = claims.keep(self._draft.pk, self._draft.claims, self.text, self.sources)
        except DatabaseError as error:
            log.warning("a draft's text was not saved", draft=self._draft.pk, error=str(error))
            return
        if kept.is_stop_asked or not kept.is_ours:
            self._is_stopped = True
