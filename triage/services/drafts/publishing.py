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
from triage.services.drafts import claims, live

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.05  # 20 entries a second at most
LOOK_SECONDS = 0.2  # with the stream's own 0.4 s this stops it within half a second or so
SAVE_SECONDS = 2.0


class Publisher:
    """Add pieces to it as they come; on leaving the block all of them are in the live stream, if that can be reached.

    `text` is all that was added. It never raises over Redis or the database: what could not be told is told with the next
    entry, and the whole text is saved at the end by whoever ends the draft.
    """

    def __init__(self, draft: Draft) -> None:
        self.text = ""
        self._draft = draft
        self._told = 0
        self._has_begun = False
        self._is_stopped = False
        self._is_over = Event()
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
        self._thread.join()
        self._tell()

    def add(self, piece: str) -> None:
        self.text += piece

    def is_stopped(self) -> bool:
        """Whether somebody wants it to stop, or has ended the draft because it seemed abandoned."""
        return self._is_stopped

    def _run(self) -> None:
        look_at = save_at = monotonic()
        save_at += SAVE_SECONDS
        try:
            while not self._is_over.wait(TICK_SECONDS):
                self._tell()
                if monotonic() >= look_at:
                    look_at = monotonic() + LOOK_SECONDS
                    self._look()
                if monotonic() >= save_at:
                    save_at = monotonic() + SAVE_SECONDS
                    self._save()
        finally:
            connection.close()

    def _tell(self) -> None:
        """Hand on what is new. Where Redis does not take it, it goes with the next."""
        self._has_begun = self._has_begun or live.begin(self._draft.pk)
        text = self.text
        if len(text) > self._told and live.add(
            self._draft.pk, text[self._told :], characters=len(text)
        ):
            self._told = len(text)

    def _look(self) -> None:
        self._is_stopped = self._is_stopped or live.is_asked_to_stop(self._draft.pk)

    def _save(self) -> None:
        try:
            kept = claims.keep(self._draft.pk, self._draft.claims, self.text)
        except DatabaseError as error:
            log.warning("a draft's text was not saved", draft=self._draft.pk, error=str(error))
            return
        if kept.is_stop_asked or not kept.is_ours:
            self._is_stopped = True
