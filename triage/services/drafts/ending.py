"""How a draft ends: its text and state are saved, then its readers are told."""

from dataclasses import dataclass
from typing import Any, Self

from django.db import transaction
from django.utils import timezone

from triage.exceptions import GatewayError
from triage.models import Draft, DraftState, Event, EventKind
from triage.selectors.drafts import spent_on
from triage.services.drafts import claims, live
from triage.services.drafts.citing import Written, citations_in, marked
from triage.services.gateway import Reply

WRITER_LOST = "writer_lost"
WRITER_LOST_MESSAGE = "The process that wrote this draft ended before the draft was complete."
MESSAGE_MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a draft. `reply` is there where it is ready."""

    state: DraftState
    text: str
    reply: Reply | None = None
    error_code: str = ""
    error_message: str = ""

    @classmethod
    def broken(cls, text: str, error: GatewayError) -> Self:
        """It ended before it was whole; without any text it has failed."""
        return cls._unfinished(text, error.code, str(error))

    @classmethod
    def abandoned(cls, text: str, *, is_stop_asked: bool) -> Self:
        """Its writer is gone."""
        if is_stop_asked:
            return cls(DraftState.CANCELLED, text)
        return cls._unfinished(text, WRITER_LOST, WRITER_LOST_MESSAGE)

    @classmethod
    def _unfinished(cls, text: str, code: str, message: str) -> Self:
        state = DraftState.BROKEN if text.strip() else DraftState.FAILED
        return cls(state, text, None, code, message[:MESSAGE_MAX_CHARACTERS])


def end(draft: Draft, ending: Ending) -> bool:
    """Save how it ended, with the draft's `sources`, and tell the readers.

    Nothing happens, and False, where another has ended it meanwhile.
    """
    with transaction.atomic():
        mine = Draft.objects.filter(pk=draft.pk, state=DraftState.RUNNING, claims=draft.claims)
        if not mine.update(lease_until=None, finished_at=timezone.now(), **_values(draft, ending)):
            return False
        if ending.state is DraftState.READY:
            Event.objects.record(
                EventKind.DRAFT_READY,
                ticket_id=draft.ticket_id,
                about_id=draft.pk,
                by_id=draft.by_id,
            )
    live.end(draft.pk, characters=len(ending.text))
    return True


def end_abandoned(limit: int) -> int:
    """End the drafts whose writer is gone, with the text that they had got to. How many."""
    ended = 0
    for draft in claims.take_abandoned(limit):
        known = Written(draft.text, citations_in(draft.sources))
        written = live.whole(draft.pk, known=known)
        draft.sources = marked(draft.sources, written.citations)
        is_stop_asked = draft.cancel_asked_at is not None
        ended += end(draft, Ending.abandoned(written.text, is_stop_asked=is_stop_asked))
    return ended


def _values(draft: Draft, ending: Ending) -> dict[str, Any]:
    spent, reply = spent_on(draft), ending.reply
    return {
        "state": ending.state,
        "text": ending.text,
        "sources": draft.sources,
        "error_code": ending.error_code,
        "error_message": ending.error_message,
        "obtained": reply.obtained if reply else "",
        "model_asked": reply.model_asked if reply else spent.model_asked,
        "model_served": reply.model_served if reply else spent.model_served,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost_nanousd": spent.cost_nanousd,
    }
