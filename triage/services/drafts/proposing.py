"""Asking for a draft, stopping one, and finding the ones that nobody is at."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Draft, DraftState, Ticket, Tone
from triage.models.drafts import UNDERWAY
from triage.queue import TaskName, enqueue
from triage.services.drafts import deciding, live
from triage.services.drafts.ending import end_abandoned
from triage.services.intake.cleaning import cleaned

SWEEP_LIMIT = 200
STEER_MAX_CHARACTERS = 300
CONTINUABLE = (DraftState.BROKEN, DraftState.CANCELLED)


def propose(
    ticket_id: int,
    *,
    by: User,
    is_fresh: bool = False,
    steer: str = "",
    tone: str = "",
    continues: int | None = None,
) -> Draft:
    """A draft for the ticket that a worker will write; the one underway, if there is one. Costs money once written.

    That `by` has no rate or budget left shows in the draft: it fails, with the reason.

    Args:
        is_fresh: Ask Claude anew, where otherwise the stored reply to an equal request would do.
        steer: What `by` wishes of it, in one line of at most 300 characters; Claude is told as a colleague's wish.
        tone: A value of Tone.
        continues: A draft of the ticket that broke off or was stopped: the new one begins with its text and goes on
            there; the old one is discarded.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
        InvalidInput: `steer` is too long, there is no such `tone`, or `continues` is no draft of this ticket.
        Conflict: The draft that `continues` names has no text, is whole or decided on, or the customer has written since.
        DraftsUnavailable: Redis is down; nothing is stored.
    """
    wish = {"steer": _one_line(steer), "tone": _known(tone)}
    live.check_reachable()
    with transaction.atomic():
        Ticket.objects.select_for_update().only("pk").get(pk=ticket_id)
        underway = Draft.objects.filter(ticket_id=ticket_id, state__in=UNDERWAY).first()
        if underway:
            return underway
        begun = {} if continues is None else _take_over(continues, ticket_id=ticket_id, by=by)
        # The ledger's times are the database's: what the draft costs is what was asked since.
        draft = Draft.objects.create(
            ticket_id=ticket_id,
            by=by,
            is_fresh=is_fresh,
            created_at=Now(),
            enqueued_at=Now(),
            **wish,
            **begun,
        )
        draft.refresh_from_db()
        enqueue(TaskName.WRITE_DRAFT, draft.pk)
    return draft


def _one_line(steer: str) -> str:
    line = " ".join(cleaned(steer).split())
    if len(line) > STEER_MAX_CHARACTERS:
        raise InvalidInput("steer", f"has more than {STEER_MAX_CHARACTERS} characters")
    return line


def _known(tone: str) -> str:
    if tone not in Tone.values:
        known = ", ".join(value for value in Tone.values if value)
        raise InvalidInput("tone", f"is none of {known}")
    return tone


def _take_over(draft_id: int, *, ticket_id: int, by: User) -> dict[str, Any]:
    """What the draft that goes on with this one begins with; this one is discarded."""
    old = Draft.objects.select_for_update(of=("self",)).filter(pk=draft_id).first()
    if old is None or old.ticket_id != ticket_id:
        raise InvalidInput("continues", "is no draft of this ticket")
    if old.state not in CONTINUABLE:
        raise Conflict("continues: only a draft that broke off or was stopped can be gone on with.")
    if not old.text.strip():
        raise Conflict("continues: nothing of this draft was written.")
    if old.is_stale:
        raise Conflict("continues: the customer has written again since. Ask for a new draft.")
    deciding.discard(old.pk, by=by)
    cited = [source for source in old.sources if source["is_cited"]]
    return {"continues": old, "text": old.text, "sources": cited, "thread_mark": old.thread_mark}


def cancel(draft_id: int, *, by: User) -> Draft:
    """The draft, over at once if it only waits; its writer stops within about half a second. One that is over stays as it is.

    With Redis down the writer sees it in the row, within about two seconds.

    Raises:
        Draft.DoesNotExist: There is no such draft.
    """
    with transaction.atomic():
        draft = Draft.objects.select_for_update(of=("self",)).get(pk=draft_id)
        if draft.state == DraftState.QUEUED:
            draft.state, draft.finished_at = DraftState.CANCELLED, timezone.now()
            transaction.on_commit(partial(live.end, draft.pk, characters=len(draft.text)))
        elif draft.state == DraftState.RUNNING:
            draft.cancel_asked_at = draft.cancel_asked_at or timezone.now()
            transaction.on_commit(partial(live.ask_to_stop, draft.pk))
        draft.save(update_fields=["state", "finished_at", "cancel_asked_at"])
    return draft


def sweep() -> int:
    """End what its writer has left, send what waits unsent. How many that were."""
    return end_abandoned(SWEEP_LIMIT) + _send_waiting()


def _send_waiting() -> int:
    """Send the drafts to the workers that wait and were not sent a moment ago."""
    grace = timedelta(seconds=settings.TRIAGE_SWEEP_GRACE_SECONDS)
    waiting = Q(state=DraftState.QUEUED) & (Q(enqueued_at=None) | Q(enqueued_at__lte=Now() - grace))
    with transaction.atomic():
        rows = Draft.objects.select_for_update(skip_locked=True).filter(waiting).order_by("id")
        found = [row.pk for row in rows.only("pk")[:SWEEP_LIMIT]]
        Draft.objects.filter(pk__in=found).update(enqueued_at=Now())
        for draft_id in found:
            enqueue(TaskName.WRITE_DRAFT, draft_id)
    return len(found)
