"""Requests with what they had of the prompt cache, at today's prices, for the tests of its figures."""

from datetime import datetime, timedelta

from tests.integration.admin_cases import HAIKU, NOON, add_call
from triage.models import Attempt, Certainty, Feature
from triage.services.gateway.pricing import card_of
from triage.types import Usage

PREFIX = 1_000  # tokens
TICKET = 100


def add_request(
    *,
    read: int = 0,
    written: int = 0,
    written_1h: int = 0,
    uncached: int = TICKET,
    at: datetime = NOON,
    feature: Feature = Feature.CLASSIFY,
    model: str = HAIKU,
    prompt: str = "p1",
    reason: str = "",
    is_batch: bool = False,
) -> Attempt:
    """An answered call with one attempt, priced by its model's card."""
    usage = Usage(uncached, written, written_1h, read, 10)
    card = card_of(model, is_batch=is_batch)
    return Attempt.objects.create(
        call=add_call(feature, at=at, prompt_version=prompt),
        number=1,
        model=model,
        certainty=Certainty.KNOWN,
        bound_nanousd=1_000_000_000,
        cost_nanousd=card.cost_nanousd(usage),
        price=card.stamp(),
        lease_until=at,
        opened_at=at,
        settled_at=at,
        latency_ms=500,
        cache_miss_reason=reason,
        **{name: getattr(usage, name) for name in Usage.__slots__},
    )


def add_requests(hits: int, *, writes: int = 1, at: datetime = NOON, feature: Feature) -> None:
    """`writes` requests that write the prefix, and after them `hits` that read it, a second apart."""
    for number in range(writes + hits):
        is_write = number < writes
        add_request(
            written=PREFIX if is_write else 0,
            read=0 if is_write else PREFIX,
            at=at + timedelta(seconds=number),
            feature=feature,
        )
