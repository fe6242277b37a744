"""Attempts and accounts made by hand, around a fixed noon."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from triage.models import Attempt, Call, Certainty, Feature
from triage.models.ledger import CallState
from triage.services.gateway.accounts import Account, Entry
from triage.services.gateway.catalog import HAIKU
from triage.services.gateway.reconciling import Report, reconcile
from triage.types import Usage

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
BOUND = 1_000_000
CARD = {
    "uncached_input": "0.1",
    "cache_write_5m": "0.125",
    "cache_write_1h": "0.2",
    "cache_read": "0.01",
    "output": "0.5",
}


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def cost_of(usage: Usage) -> int:
    """By hand, at CARD: 100 nano-dollars an uncached token, 500 an output token."""
    return usage.uncached_input_tokens * 100 + usage.output_tokens * 500


def tokens(inside: int, out: int) -> Usage:
    return Usage(uncached_input_tokens=inside, output_tokens=out)


def add_attempt(
    seconds: float,
    *,
    usage: Usage = Usage(),  # noqa: B008
    lasted: float = 1.0,
    certainty: Certainty = Certainty.KNOWN,
    bound: int = BOUND,
    **fields: Any,
) -> Attempt:
    """An attempt of a call of its own, opened that long after noon; an unknown one costs its bound."""
    cost = bound if certainty in (Certainty.UNKNOWN, Certainty.OPEN) else cost_of(usage)
    call = Call.objects.create(
        feature=Feature.CLASSIFY,
        by=User.objects.system(),
        fingerprint="f",
        model_asked=HAIKU,
        state=CallState.ANSWERED,
        cost_nanousd=cost,
        created_at=after(seconds),
    )
    is_open = certainty == Certainty.OPEN
    plain = {
        "model": HAIKU,
        "price": CARD,
        "lease_until": after(seconds + lasted + 10),
        "settled_at": None if is_open else after(seconds + lasted),
    }
    counts = {name: getattr(usage, name) for name in Usage.__slots__}
    return Attempt.objects.create(
        call=call,
        number=1,
        certainty=certainty,
        bound_nanousd=bound,
        cost_nanousd=cost,
        opened_at=after(seconds),
        **{**plain, **counts, **fields},
    )


def entry(seconds: float, usage: Usage, request_id: str = "req_x", **fields: Any) -> Entry:
    """What the bill says of one request."""
    plain: dict[str, Any] = {"model": HAIKU, "cost_nanousd": cost_of(usage)}
    return Entry(after(seconds), usage=usage, request_id=request_id, **{**plain, **fields})


def minute(number: int, usage: Usage, **fields: Any) -> Entry:
    """What an export says of the minute that begins so many minutes after noon."""
    plain: dict[str, Any] = {"model": HAIKU, "requests": 0}
    return Entry(after(60 * number), usage=usage, **{**plain, **fields})


def account(*entries: Entry, minutes: int = 60, names_requests: bool = True) -> Account:
    """An account that covers an hour before noon and an hour after it."""
    found = sorted(entries, key=lambda each: each.at)
    return Account(found, names_requests, NOON - timedelta(hours=1), after(60 * minutes))


def compare(said: Account, **options: Any) -> tuple[Report, list[str]]:
    """The report, and its differences in words."""
    notes: list[str] = []
    return reconcile(lambda _: said, note=notes.append, **options), notes


def bill(*entries: Entry, **options: Any) -> tuple[Report, list[str]]:
    return compare(account(*entries), **options)


def export(*entries: Entry, **options: Any) -> tuple[Report, list[str]]:
    return compare(account(*entries, names_requests=False), **options)


def now(attempts: Iterable[Attempt]) -> list[tuple[str, int]]:
    """How each stands in the ledger now: certainty and cost."""
    rows = dict(Attempt.objects.in_bulk())
    return [(rows[each.pk].certainty, rows[each.pk].cost_nanousd) for each in attempts]
