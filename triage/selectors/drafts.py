"""Drafts as outsiders see them, and what the ledger knows of each."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet, Sum

from triage.models import Attempt, Draft, Feature, Obtained
from triage.selectors.objects import Json, money, time_of

NOTICES: dict[str, str] = {
    Obtained.STALE: "Claude could not be reached. This is an older reply to the same request.",
    Obtained.CANNED: "Claude could not be reached. This is a standard text that does not answer the ticket.",
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What a draft has cost and used, by the ledger; the bounds of attempts that nobody knows the cost of count.

    `model_served` is the last model asked, "" where none was.
    """

    model_asked: str = ""
    model_served: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanousd: int = 0


def spent_on(draft: Draft) -> Spent:
    """The attempts of the ticket's draft calls since this draft was made: there is one draft underway for a ticket."""
    attempts = _attempts(draft)
    last = attempts.order_by("-id").values("model", "call__model_asked").first()
    if last is None:
        return Spent()
    sums: dict[str, Any] = attempts.aggregate(
        input_tokens=Sum(
            F("uncached_input_tokens")
            + F("cache_write_5m_tokens")
            + F("cache_write_1h_tokens")
            + F("cache_read_tokens")
        ),
        output_tokens=Sum("output_tokens"),
        cost_nanousd=Sum("cost_nanousd"),
    )
    return Spent(last["call__model_asked"], last["model"], **sums)


def _attempts(draft: Draft) -> QuerySet[Attempt]:
    return Attempt.objects.filter(
        call__about_kind="ticket",
        call__about_id=str(draft.ticket_id),
        call__feature=Feature.DRAFT,
        call__created_at__gte=draft.created_at,
    )


def draft_object(draft: Draft) -> Json:
    """The draft as the API shows it."""
    return {
        "id": draft.pk,
        "ticket_id": draft.ticket_id,
        "state": draft.state,
        "text": draft.text,
        "stale": draft.is_stale,
        "error": error_object(draft),
        **outcome_object(draft),
        "prompt_version": draft.prompt_version or None,
        "sources": [_source(source) for source in draft.sources],
        "fresh": draft.is_fresh,
        "steer": draft.steer or None,
        "tone": draft.tone or None,
        "continues": draft.continues_id,
        "edited_share": draft.edited_share,
        "by": draft.by_id,
        "decided_by": draft.decided_by_id,
        "message_id": draft.message_id,
        "simulated": settings.TRIAGE_SIMULATOR,
        "created_at": time_of(draft.created_at),
        "finished_at": time_of(draft.finished_at),
        "stale_at": time_of(draft.stale_at),
        "decided_at": time_of(draft.decided_at),
        "mailed_at": time_of(draft.message.mailed_at if draft.message else None),
    }


def _source(source: Json) -> Json:
    """A source with its place in the text, the character up to which that rests on it, where it is cited."""
    shown = {name: source.get(name) for name in ("id", "kind", "title", "url")}
    return {**shown, "cited": bool(source.get("is_cited")), "at": source.get("at")}


def outcome_object(draft: Draft) -> Json:
    """How it was come by, with a notice where that is second best, and its price; also what ends its event stream."""
    return {
        "model": draft.model_served or None,
        "obtained": draft.obtained or None,
        "notice": NOTICES.get(draft.obtained),
        "usage": {"input_tokens": draft.input_tokens, "output_tokens": draft.output_tokens},
        "cost_usd": money(draft.cost_nanousd),
    }


def error_object(draft: Draft) -> Json | None:
    if not draft.error_code:
        return None
    return {"code": draft.error_code, "message": draft.error_message}
