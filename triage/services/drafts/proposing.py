"""Asking for a draft, stopping one, and finding the ones that nobody is at."""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from triage.models import Draft, DraftState, Ticket
from triage.models.drafts import UNDERWAY
from triage.queue import TaskName, enqueue
from triage.services.drafts import live, mailing
from triage.services.drafts.ending import end_abandoned

SWEEP_LIMIT = 200


def propose(ticket_id: int, *, by: User, is_fresh: bool = False) -> Draft:
    """A draft for the ticket that a worker will write; the one underway, if there is one. Costs money once written.

    That `by` has no rate or budget left shows in the draft: it fails, with the reason.

    Args:
        is_fresh: Ask Claude anew, where otherwise the stored reply to an equal request would do.

    Raises:
        Ticket.DoesNotExist: There is no such ticket.
        DraftsUnavailable: Redis is down; nothing is stored.
    """
    live.check_reachable()
    with transaction.atomic():
        Ticket.objects.select_for_update().only("pk").get(pk=ticket_id)
        underway = Draft.objects.filter(ticket_id=ticket_id, state__in=UNDERWAY).first()
        if underway:
            return underway
        # The ledger's times are the database's: what the draft costs is what was asked since.
        draft = Draft.objects.create(
            ticket_id=ticket_id, by=by, is_fresh=is_fresh, created_at=Now(), enqueued_at=Now()
        )
        draft.refresh_from_db()
        enqueue(TaskName.WRITE_DRAFT, draft.pk)
    return draft


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
            transaction.on_commit(partial(live.end, draft.pk, characters=0))
        elif draft.state == DraftState.RUNNING:
            draft.cancel_asked_at = draft.cancel_asked_at or timezone.now()
            transaction.on_commit(partial(live.ask_to_stop, draft.pk))
        draft.save(update_fields=["state", "finished_at", "cancel_asked_at"])
    return draft


def sweep() -> int:
    """End what its writer has left, send what waits unsent, mail what is due. How many that were."""
    return end_abandoned(SWEEP_LIMIT) + _send_waiting() + mailing.send_due(SWEEP_LIMIT)


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
