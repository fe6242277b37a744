"""Rows of the ledger for the admin's tests, saying only what a test is about."""

from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from triage.models import Attempt, Call, Certainty, Feature, Obtained
from triage.models.ledger import CallState

HAIKU = "claude-haiku-5-5"
SONNET = "claude-sonnet-5-5"
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def add_call(
    feature: Feature = Feature.CLASSIFY,
    *,
    at: datetime = NOON,
    obtained: str = Obtained.FIRST,
    saved_nanousd: int = 0,
    about_id: str = "",
    **fields: Any,
) -> Call:
    """A call that ended; without `obtained` it failed."""
    return Call.objects.create(
        feature=feature,
        by=User.objects.system(),
        about_kind="ticket" if about_id else "",
        about_id=about_id,
        fingerprint="f" * 64,
        model_asked=HAIKU,
        model_served=HAIKU if obtained else "",
        state=CallState.ANSWERED if obtained else CallState.FAILED,
        obtained=obtained,
        saved_nanousd=saved_nanousd,
        created_at=at,
        finished_at=at,
        **fields,
    )


def add_attempt(
    call: Call,
    cost_nanousd: int,
    *,
    number: int = 1,
    model: str = HAIKU,
    at: datetime = NOON,
    certainty: Certainty = Certainty.KNOWN,
    **fields: Any,
) -> Attempt:
    """A settled attempt, unless `certainty` is open."""
    return Attempt.objects.create(
        call=call,
        number=number,
        model=model,
        certainty=certainty,
        bound_nanousd=max(cost_nanousd, 1_000_000),
        cost_nanousd=cost_nanousd,
        price={"source": "genai-prices", "input_usd_per_mtok": "0.1"},
        lease_until=at,
        opened_at=at,
        settled_at=None if certainty == Certainty.OPEN else at,
        **fields,
    )
