"""One attempt as the page of its call shows it: what was asked, what came, and how its cost is made up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.urls import reverse

from triage.admin.formats import NOTHING, count, dollars, milliseconds
from triage.admin.ledger_words import (
    BOUNDS,
    CERTAIN,
    error_in_words,
    miss_in_words,
    stop_in_words,
)
from triage.admin.links import link
from triage.models import Attempt, Call, Certainty
from triage.services.gateway.catalog import name_of

LIMIT_PREFIX = "anthropic-ratelimit-"
NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK = 1_000
CLASSES = (  # the words, the attempt's column, the name in its price stamp
    ("Input, not cached", "uncached_input_tokens", "uncached_input"),
    ("Input, written to the cache for 5 minutes", "cache_write_5m_tokens", "cache_write_5m"),
    ("Input, written to the cache for 1 hour", "cache_write_1h_tokens", "cache_write_1h"),
    ("Input, read from the cache", "cache_read_tokens", "cache_read"),
    ("Output", "output_tokens", "output"),
)
STAMPED = frozenset({"source", "above", "above_tokens", *(name for *_, name in CLASSES)})


@dataclass(frozen=True, slots=True)
class TokenLine:
    """Tokens of one class, what a million of them costs, and what these come to."""

    name: str
    tokens: str
    price: str
    comes_to: str


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """`facts`, `money` and `times` are names with what stands beside them; `rest` is what else the price stamp says."""

    number: int
    model: str
    outcome: str
    error_text: str
    request_id: str
    facts: Mapping[str, str]
    money: Mapping[str, str]
    times: Mapping[str, str]
    tokens: tuple[TokenLine, ...]
    price_note: str
    rest: Mapping[str, str]
    limits: Mapping[str, str]


def shown(attempt: Attempt, call: Call) -> ShownAttempt:
    return ShownAttempt(
        number=attempt.number,
        model=name_of(attempt.model),
        outcome=_outcome(attempt),
        error_text=attempt.error_text,
        request_id=attempt.request_id,
        facts=dict(_facts(attempt)),
        money=_money(attempt),
        times=_times(attempt, call),
        tokens=tuple(_tokens(attempt)),
        price_note=_price_note(attempt),
        rest=_rest(attempt.price),
        limits=_limits(attempt.rate_limits),
    )


def exactly(moment: datetime | None) -> str:
    """`10 Nov 2026, 12:00:00.250`, in UTC."""
    if moment is None:
        return NOTHING
    utc = moment.astimezone(UTC)
    return f"{utc:%-d %b %Y, %H:%M:%S}.{utc.microsecond // 1_000:03}"


def _outcome(attempt: Attempt) -> str:
    """ "overloaded · HTTP 529": the first thing to know."""
    ended = "settled" if attempt.settled_at else "in progress"
    said = attempt.error or attempt.stop_reason or ended
    return f"{said} · HTTP {attempt.http_status}" if attempt.http_status else said


def _facts(attempt: Attempt) -> Iterator[tuple[str, str]]:
    yield "Model", f"{name_of(attempt.model)} ({attempt.model})"
    if attempt.error:
        yield "What went wrong", error_in_words(attempt.error)
    if attempt.stop_reason:
        yield "Why it stopped", stop_in_words(attempt.stop_reason)
    if attempt.cache_miss_reason:
        yield "Cache missed because", miss_in_words(attempt.cache_miss_reason)
    if attempt.batch:
        address = reverse("admin:triage_batch_change", args=[attempt.batch.pk])
        yield "Line of", link(address, f"batch {attempt.batch.pk}")


def _money(attempt: Attempt) -> dict[str, str]:
    """The hold before the request left, and what became of it."""
    bound = BOUNDS.get(attempt.certainty, "")
    money = {
        "Held before it left": dollars(attempt.bound_nanousd),
        "Counts as spent": f"{bound}{dollars(attempt.cost_nanousd)}",
        "How sure": CERTAIN[attempt.certainty],
    }
    if attempt.certainty != Certainty.OPEN:
        released = attempt.bound_nanousd - attempt.cost_nanousd
        name = "Released" if released >= 0 else "Beyond the hold"
        money[name] = dollars(abs(released))
    return money


def _times(attempt: Attempt, call: Call) -> dict[str, str]:
    after = round((attempt.opened_at - call.created_at).total_seconds() * 1_000)
    return {
        "Opened": exactly(attempt.opened_at),
        "After the call began": milliseconds(after),
        "First token after": milliseconds(attempt.first_token_ms),
        "Took": milliseconds(attempt.latency_ms),
        "Settled": exactly(attempt.settled_at),
        "Hold's lease until": exactly(attempt.lease_until),
    }


def _tokens(attempt: Attempt) -> Iterator[TokenLine]:
    rates = _rates(attempt)
    for name, column, stamped in CLASSES:
        tokens, price = getattr(attempt, column), _decimal(rates.get(stamped))
        exact = None if price is None else NANOUSD_PER_TOKEN_AT_1_USD_PER_MTOK * tokens * price
        yield TokenLine(
            name=name,
            tokens=count(tokens),
            price=NOTHING if price is None else f"${price}",
            comes_to=NOTHING if exact is None else dollars(round(exact)),
        )


def _rates(attempt: Attempt) -> Mapping[str, Any]:
    """The stamp's prices that held for this request: those above the band where its input was larger."""
    stamp: Mapping[str, Any] = attempt.price
    band, above = stamp.get("above_tokens"), stamp.get("above")
    if isinstance(above, dict) and isinstance(band, int) and attempt.input_tokens > band:
        return above
    return stamp


def _price_note(attempt: Attempt) -> str:
    source = attempt.price.get("source") or "an unnamed source"
    band = attempt.price.get("above_tokens")
    note = f"US dollars per million tokens, from {source}, as of the moment when the request left."
    if not isinstance(band, int):
        return note
    side = "above" if attempt.input_tokens > band else "up to"
    return f"{note} The prices are those for requests of {side} {count(band)} input tokens."


def _rest(stamp: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.replace("_", " "): str(value) for name, value in stamp.items() if name not in STAMPED
    }


def _limits(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(LIMIT_PREFIX): value for name, value in headers.items()}


def _decimal(text: Any) -> Decimal | None:
    try:
        return None if text is None else Decimal(str(text))
    except InvalidOperation:
        return None
