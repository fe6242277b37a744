"""What a person makes of a draft: takes it into the editor, throws it away, or sends it. Only sending tells the customer."""

from django.db import transaction
from django.utils import timezone
from rapidfuzz.distance import Indel

from accounts.models import User
from triage.exceptions import Conflict, DraftStale
from triage.models import Draft, DraftState, Event, EventKind, Message, Ticket
from triage.models.drafts import UNDERWAY, USABLE
from triage.services import tickets
from triage.services.intake.cleaning import cleaned

WHY_NOT = {
    DraftState.QUEUED: "This draft is not written yet.",
    DraftState.RUNNING: "This draft is still being written. Stop it first.",
    DraftState.FAILED: "This draft failed; there is nothing of it to use.",
    DraftState.DISCARDED: "This draft was discarded.",
    DraftState.SENT: "This draft was sent already.",
}


def accept(draft_id: int, *, by: User) -> Draft:
    """Take the draft into the editor; nothing leaves the house. Doing so again changes nothing.

    Raises:
        Draft.DoesNotExist: There is no such draft.
        Conflict: It is not there to be taken: not written yet, empty, discarded or sent.
    """
    with transaction.atomic():
        draft = _locked(draft_id)
        _check_usable(draft)
        if draft.state != DraftState.ACCEPTED:
            _decide(draft, DraftState.ACCEPTED, by)
    return draft


def discard(draft_id: int, *, by: User) -> Draft:
    """Throw the draft away; its text and cost stay on record. Doing so again changes nothing.

    Raises:
        Draft.DoesNotExist: There is no such draft.
        Conflict: It is still being written, or was sent.
    """
    with transaction.atomic():
        draft = _locked(draft_id)
        if draft.state in (*UNDERWAY, DraftState.SENT):
            raise Conflict(WHY_NOT[DraftState(draft.state)])
        if draft.state != DraftState.DISCARDED:
            _decide(draft, DraftState.DISCARDED, by)
    return draft


def send(draft_id: int, *, body: str, by: User, is_stale_ok: bool = False) -> Message:
    """Send `body`, what became of the draft in the editor, as a public message; it is mailed too, where mail is set up.

    How much of the draft was changed is kept with it.

    Args:
        is_stale_ok: The customer's newest message has been seen, and this is sent all the same.

    Raises:
        Draft.DoesNotExist: There is no such draft.
        InvalidInput: `body` is empty; nothing is sent.
        DraftStale: The customer has written since, and `is_stale_ok` does not say so.
        Conflict: It was sent or discarded, or is not there to be sent.
    """
    with transaction.atomic():
        draft = _locked(draft_id)
        _check_usable(draft)
        if draft.is_stale and not is_stale_ok:
            raise DraftStale("The customer has written again since this was drafted.")
        draft.message = message = tickets.add_message(
            draft.ticket_id, body=body, by=by, is_mailed=True
        )
        draft.edited_share = edited_share(draft.text, message.body)
        _decide(draft, DraftState.SENT, by)
        Event.objects.record(
            EventKind.DRAFT_SENT, ticket_id=draft.ticket_id, about_id=draft.pk, by_id=by.pk
        )
    return message


def edited_share(drafted: str, sent: str) -> float:
    """How much of `drafted` was changed before it was `sent`: 0 nothing, 1 all; blank ends do not count.

    The characters to be taken out and put in to make one of the other, as a share of all characters of both (normalised
    indel distance). Rounded to four places, but 0 and 1 are said only of what is just that.
    """
    share = Indel.normalized_distance(cleaned(drafted), cleaned(sent))
    return share if share in (0, 1) else min(max(round(share, 4), 0.0001), 0.9999)


def _locked(draft_id: int) -> Draft:
    """The draft, locked after its ticket: in the order in which a new message locks both, so no message slips in."""
    ticket_id = Draft.objects.values_list("ticket_id", flat=True).get(pk=draft_id)
    Ticket.objects.select_for_update().only("pk").get(pk=ticket_id)
    drafts = Draft.objects.select_for_update(of=("self",))
    return drafts.get(pk=draft_id)


def _check_usable(draft: Draft) -> None:
    if draft.state not in USABLE:
        raise Conflict(WHY_NOT[DraftState(draft.state)])
    if not draft.text.strip():
        raise Conflict("Nothing of this draft was written before it was stopped.")


def _decide(draft: Draft, state: DraftState, by: User) -> None:
    draft.state, draft.decided_by, draft.decided_at = state, by, timezone.now()
    decided = ["state", "decided_by", "decided_at", "message", "edited_share"]
    draft.save(update_fields=decided)
