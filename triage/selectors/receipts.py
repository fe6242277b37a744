"""What Claude was asked about a ticket, and what came of it: every call with its attempts, and the prompt of one call.

Everything is as the ledger has it. A selector of one ticket: at most RECEIPTS_AT_MOST calls of its own, two queries, and two
more where some reply was there already: it may have come from a call that asked for several tickets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from triage.models import (
    Attempt,
    Call,
    Certainty,
    Feature,
    Obtained,
    Prompt,
    PromptGuide,
    StoredReply,
)
from triage.models.ledger import CallState
from triage.models.prompts import KEPT_DAYS
from triage.types import TOKEN_FIELDS, Usage

RECEIPTS_AT_MOST = 50
PACK = "pack"  # what a call for several tickets is about; its id is their number


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One HTTP request, or one line of a batch. `cost_nanousd` is a bound while `certainty` is open or unknown.

    `http_status` and the times are None where nothing came; `error` and `request_id` are "" where there is none.
    """

    number: int
    model: str
    http_status: int | None
    error: str
    error_text: str
    certainty: Certainty
    cost_nanousd: int
    usage: Usage
    request_id: str
    latency_ms: int | None
    first_token_ms: int | None
    is_in_batch: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """One call. `model_served`, `error` and `prompt_version` are "" where there is none, `obtained` None without an answer.

    `usage` is that of its attempts together; `latency_ms` counts from the question to the end, waits included, and is None
    while it runs. `cost_nanousd` is the sum over the attempts, `saved_nanousd` what a reused reply had cost. `has_prompt` while
    its prompt is kept. Of a call for several `tickets` the tokens are those of all, the cost is an even share.
    """

    call_id: int
    feature: Feature
    by: str
    asked_at: datetime
    finished_at: datetime | None
    model_asked: str
    model_served: str
    obtained: Obtained | None
    state: CallState
    error: str
    usage: Usage
    latency_ms: int | None
    cost_nanousd: int
    saved_nanousd: int
    prompt_version: str
    has_prompt: bool
    attempts: tuple[AttemptLine, ...]
    tickets: int = 1

    @property
    def cached_share(self) -> float | None:
        """How much of the input was read from Claude's cache, 0 to 1; None where nothing is known to have gone in."""
        if not self.usage.input_tokens:
            return None
        return self.usage.cache_read_tokens / self.usage.input_tokens

    @property
    def is_cost_sure(self) -> bool:
        return all(line.certainty in (Certainty.KNOWN, Certainty.NONE) for line in self.attempts)


@dataclass(frozen=True, slots=True)
class PromptView:
    """What Claude saw and said in one call, masked as it left the house.

    `content` are the texts of the user message, in order; `reply` is "" where none came. `schema` is the answer's JSON schema,
    its keys in no particular order; None where the answer is free text.
    """

    system: str
    content: tuple[str, ...]
    schema: Mapping[str, Any] | None
    max_tokens: int
    reply: str
    kept_until: datetime


def receipts_of(ticket_id: int) -> tuple[Receipt, ...]:
    """The ticket's calls, the newest first, at most RECEIPTS_AT_MOST of its own, and those that asked about others too."""
    own = _calls().filter(about_kind="ticket", about_id=str(ticket_id))[:RECEIPTS_AT_MOST]
    reused = [call.fingerprint for call in own if call.obtained == Obtained.STORED]
    calls = [*own, *_packs_behind(reused)] if reused else own
    newest_first = sorted(calls, key=lambda call: (call.created_at, call.pk), reverse=True)
    return tuple(_receipt(call) for call in newest_first)


def find_prompt(call_id: int) -> PromptView | None:
    """What was sent in this call; None once it is pruned. Two queries."""
    prompt = Prompt.objects.filter(call=call_id).first()
    if prompt is None:
        return None
    guide = PromptGuide.objects.filter(digest=prompt.guide_digest).first()
    return PromptView(
        system=guide.system if guide else "",
        content=tuple(prompt.content),
        schema=guide.schema if guide else None,
        max_tokens=prompt.max_tokens,
        reply=prompt.reply,
        kept_until=prompt.created_at + timedelta(days=KEPT_DAYS),
    )


def _calls() -> QuerySet[Call]:
    return (
        Call.objects.select_related("by")
        .annotate(has_prompt=Exists(Prompt.objects.filter(call=OuterRef("pk"))))
        .prefetch_related(Prefetch("attempts", Attempt.objects.order_by("number")))
        .order_by("-created_at", "-pk")
    )


def _packs_behind(fingerprints: Iterable[str]) -> QuerySet[Call]:
    """The calls for several tickets that brought these replies, while the replies are kept."""
    owners = StoredReply.objects.filter(pk__in=fingerprints).values("owner")
    return _calls().filter(pk__in=owners, about_kind=PACK)


def _receipt(call: Call) -> Receipt:
    lines = tuple(_line(attempt) for attempt in call.attempts.all())
    tickets = int(call.about_id) if call.about_kind == PACK else 1
    return Receipt(
        call_id=call.pk,
        feature=Feature(call.feature),
        by=str(call.by),
        asked_at=call.created_at,
        finished_at=call.finished_at,
        model_asked=call.model_asked,
        model_served=call.model_served,
        obtained=Obtained(call.obtained) if call.obtained else None,
        state=CallState(call.state),
        error=call.error,
        usage=_sum(line.usage for line in lines),
        latency_ms=call.latency_ms,
        cost_nanousd=sum(line.cost_nanousd for line in lines) // tickets,
        saved_nanousd=call.saved_nanousd,
        prompt_version=call.prompt_version,
        has_prompt=vars(call)["has_prompt"],
        attempts=lines,
        tickets=tickets,
    )


def _line(attempt: Attempt) -> AttemptLine:
    return AttemptLine(
        number=attempt.number,
        model=attempt.model,
        http_status=attempt.http_status,
        error=attempt.error,
        error_text=attempt.error_text,
        certainty=Certainty(attempt.certainty),
        cost_nanousd=attempt.cost_nanousd,
        usage=Usage(*(getattr(attempt, name) for name in TOKEN_FIELDS)),
        request_id=attempt.request_id,
        latency_ms=attempt.latency_ms,
        first_token_ms=attempt.first_token_ms,
        is_in_batch=attempt.batch_id is not None,
    )


def _sum(usages: Iterable[Usage]) -> Usage:
    rows = [[getattr(usage, name) for name in TOKEN_FIELDS] for usage in usages]
    return Usage(*map(sum, zip(*rows, strict=True)))
