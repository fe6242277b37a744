"""What a plan is computed from: plain numbers, each with where it comes from."""

from dataclasses import dataclass
from enum import StrEnum

Value = float | tuple[float, ...]


class Origin(StrEnum):
    """Where a number comes from. `ESTIMATED` is counted on this installation's own texts, without asking anybody."""

    MEASURED = "measured here"
    SIMULATED = "simulated"
    ESTIMATED = "estimated"
    ASSUMED = "assumed"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and, in `words`, what it rests on."""

    value: Value
    origin: Origin
    words: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """Shares are from 0 to 1. The values here are what is assumed where nothing is known.

    Args:
        guide_tokens: What all calls of a prompt version share and may cache: instructions, labels, examples.
        question_tokens: What each call adds once and does not cache: the question, the form of the answer.
        ticket_tokens: Of one ticket alone.
        output_tokens: Of one ticket's answer.
        escalated: The share of tickets that reaches the strong model.
        few_escalated: The share to compare that with.
        duplicates: The share of tickets whose answer is there already.
        live_hits: The share of calls that read the guide from the cache; the others write it, for 5 minutes.
        batch_hits: The same in batches.
        batch_cache_minutes: For how long a line of a batch writes it: 5 or 60.
        tickets_a_call: In a packed call of the first model.
        id_tokens: What naming a ticket in a packed call adds to it, and to its answer.
        answered_locally: The shares of tickets to compare that a local model answers, none of them 1.
        relabelled: The share of those that the strong model is asked about all the same.
        audits_a_week: Automatic answers that people look at.
        audit_usd: The cost of one such look.
    """

    tickets: float = 10_000_000
    guide_tokens: float = 1_500
    question_tokens: float = 0
    ticket_tokens: float = 150
    output_tokens: float = 130
    escalated: float = 0.2
    few_escalated: float = 0.05
    duplicates: float = 0.1
    live_hits: float = 0.995
    batch_hits: float = 0.9
    batch_cache_minutes: float = 5
    tickets_a_call: float = 10
    strong_tickets_a_call: float = 1
    id_tokens: float = 6
    answered_locally: tuple[float, ...] = (0.3, 0.6, 0.8)
    relabelled: float = 0.01
    local_usd_per_million: float = 0.3
    audits_a_week: float = 150
    audit_usd: float = 0.5
    weeks: float = 52


def plain(value: Value) -> float:
    """A value that is one number. Raises TypeError where it is several."""
    if isinstance(value, tuple):
        raise TypeError(value)
    return value
