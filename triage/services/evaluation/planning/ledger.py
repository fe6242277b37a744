"""Lengths as the ledger has them: means over answered attempts that asked about one ticket each."""

from dataclasses import dataclass

from django.db.models import Avg, Count, F, Q, QuerySet

from triage.models import Attempt, Certainty

ENOUGH = 20  # attempts, before a mean is taken from them


@dataclass(frozen=True, slots=True)
class Lengths:
    """Mean tokens. `guide` is what was read from the cache or written to it; None where nothing was: then `own` has it too."""

    attempts: int
    guide: float | None
    own: float
    output: float


def lengths_of(attempts: QuerySet[Attempt]) -> Lengths | None:
    """None below ENOUGH answered attempts. Two queries."""
    answered = attempts.filter(certainty=Certainty.KNOWN, output_tokens__gt=0)
    cached = answered.annotate(
        shared=F("cache_read_tokens") + F("cache_write_5m_tokens") + F("cache_write_1h_tokens")
    ).filter(shared__gt=0)
    guide = cached.aggregate(
        number=Count("pk"), guide=Avg("shared"), own=Avg("uncached_input_tokens")
    )
    every = answered.aggregate(
        number=Count("pk"), own=Avg("uncached_input_tokens"), output=Avg("output_tokens")
    )
    if every["number"] < ENOUGH:
        return None
    if guide["number"] < ENOUGH:
        return Lengths(every["number"], None, float(every["own"]), float(every["output"]))
    return Lengths(
        every["number"], float(guide["guide"]), float(guide["own"]), float(every["output"])
    )


@dataclass(frozen=True, slots=True)
class Hits:
    """How many of some requests read the guide from the cache; `requests` are those that read or wrote it."""

    requests: int
    share: float


def hits_of(attempts: QuerySet[Attempt]) -> Hits | None:
    """By tokens, as the break-even needs it; None below ENOUGH. One query."""
    written = F("cache_write_5m_tokens") + F("cache_write_1h_tokens")
    sums = (
        attempts.filter(certainty=Certainty.KNOWN)
        .annotate(written=written)
        .filter(Q(written__gt=0) | Q(cache_read_tokens__gt=0))
        .aggregate(number=Count("pk"), read=Avg("cache_read_tokens"), writes=Avg("written"))
    )
    if sums["number"] < ENOUGH:
        return None
    return Hits(sums["number"], float(sums["read"] / (sums["read"] + sums["writes"])))
