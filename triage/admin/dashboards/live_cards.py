"""What the card of a draft underway says, and what it says once the draft is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

from django.urls import reverse
from django.utils import timezone

from triage.admin.formats import count, dollars
from triage.models import Certainty, Draft, DraftState
from triage.selectors.drafts import NOTICES
from triage.selectors.objects import Json
from triage.selectors.reports.underway import Tried
from triage.services.drafts.compose import MAX_OUTPUT_TOKENS
from triage.services.gateway.catalog import name_of
from triage.types import NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK

BYTES_PER_TOKEN = 3  # of English in the newer models; older ones take four to a token
EXACT = {Certainty.KNOWN, Certainty.NONE}


@dataclass(frozen=True, slots=True)
class Facts:
    """What changes on a card, in words for people."""

    state: str
    words: str
    model: str
    tokens: str
    cost: str


GONE = Facts(state="gone", words="No longer shown", model="", tokens="", cost="")


def opening(draft: Draft) -> Json:
    """What stays as it is. Needs the draft's ticket and user."""
    since = timezone.now() - draft.created_at
    return {
        "ticket": draft.ticket_id,
        "title": draft.ticket.title,
        "address": reverse("admin:triage_ticket_change", args=[draft.ticket_id]),
        "by": str(draft.by),
        "seconds": max(round(since.total_seconds()), 0),
    }


def facts_of(draft: Draft, tried: Sequence[Tried], *, new_bytes: int) -> Facts:
    """Of one underway; `new_bytes` is the UTF-8 size of what Claude has written of it so far."""
    tokens = ceil(new_bytes / BYTES_PER_TOKEN)
    return Facts(
        state=draft.state,
        words=_words_of(draft),
        model=name_of(tried[-1].model) if tried else "not asked yet",
        tokens=f"about {count(tokens)} so far" if tokens else "none so far",
        cost=_cost_so_far(tried, tokens),
    )


def _words_of(draft: Draft) -> str:
    words = "Being stopped" if draft.cancel_asked_at else DraftState(draft.state).label
    return f"{words}; the customer has written again" if draft.is_stale else words


def facts_at_end(draft: Draft, tried: Sequence[Tried]) -> Facts:
    """Of one that is over: what the provider counted and the ledger holds."""
    reasons = draft.error_message or NOTICES.get(draft.obtained, "")
    label = DraftState(draft.state).label
    is_unused = not draft.input_tokens + draft.output_tokens
    return Facts(
        state=draft.state,
        words=f"{label}: {reasons}" if reasons else label,
        model=name_of(draft.model_served) if draft.model_served else "not asked",
        tokens="none"
        if is_unused
        else f"{count(draft.input_tokens)} in, {count(draft.output_tokens)} out",
        cost=f"{_sureness(tried)}{dollars(draft.cost_nanousd)}",
    )


def finished_line(draft: Draft) -> dict[str, Any]:
    """A line of "Just finished". Needs the draft's ticket."""
    return {
        "draft": draft.pk,
        "ticket": draft.ticket_id,
        "title": draft.ticket.title,
        "address": reverse("admin:triage_ticket_change", args=[draft.ticket_id]),
        "words": DraftState(draft.state).label,
        "cost": dollars(draft.cost_nanousd),
    }


def _cost_so_far(tried: Sequence[Tried], tokens: int) -> str:
    """An upper estimate while an attempt is open: what was held for its input, a token to three bytes, and the output so far."""
    if not tried:
        return "nothing so far"
    last = tried[-1]
    if last.certainty is not Certainty.OPEN:
        return f"{_sureness(tried)}{dollars(sum(each.cost_nanousd for each in tried))}"
    earlier = sum(each.cost_nanousd for each in tried[:-1])
    if not last.output_usd_per_mtok:
        return f"at most {dollars(earlier + last.bound_nanousd)}"
    output = Decimal(last.output_usd_per_mtok) * NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK
    held_for_input = max(last.bound_nanousd - MAX_OUTPUT_TOKENS * output, Decimal(0))
    return f"about {dollars(round(earlier + held_for_input / BYTES_PER_TOKEN + tokens * output))}"


def _sureness(tried: Sequence[Tried]) -> str:
    """The word before a sum of attempts: none where all are known."""
    unsure = {each.certainty for each in tried} - EXACT
    if not unsure:
        return ""
    return "at least " if unsure == {Certainty.LOWER_BOUND} else "at most "
