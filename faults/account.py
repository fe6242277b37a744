"""The ledger's attempts of one case beside the requests that the provider saw and billed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.models import Attempt, Certainty
from triage.types import usd

BRACKETED = {Certainty.UNKNOWN, Certainty.LOWER_BOUND}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the provider saw it. `seconds` since the case began; `is_whole`: all of the answer was sent and seen."""

    seconds: float
    id: str
    model: str | None
    cost_nanousd: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Account:
    """Attempts and requests of one case, each in the order of time."""

    attempts: Sequence[Attempt]
    requests: Sequence[Request]

    @property
    def billed_nanousd(self) -> int:
        return sum(request.cost_nanousd for request in self.requests)

    @property
    def bracket_nanousd(self) -> tuple[int, int]:
        """The least and the most that the case can have cost, as the ledger knows it."""
        brackets = [_bracket(attempt) for attempt in self.attempts]
        return sum(least for least, _ in brackets), sum(most for _, most in brackets)

    @property
    def is_sure(self) -> bool:
        """Whether the ledger knows every cost."""
        return not any(attempt.certainty in BRACKETED for attempt in self.attempts)

    def problems(self) -> list[str]:
        """Where ledger and bill contradict each other, in words."""
        if len(self.attempts) != len(self.requests):
            return [f"{len(self.requests)} requests, but {len(self.attempts)} rows"]
        pairs = zip(self.attempts, self.requests, strict=True)
        return [problem for pair in pairs if (problem := _problem(*pair))]

    def __str__(self) -> str:
        counts = Counter(Certainty(attempt.certainty) for attempt in self.attempts)
        sure = ", ".join(f"{number} {certainty}" for certainty, number in counts.items())
        least, most = self.bracket_nanousd
        billed = self.billed_nanousd
        if least == most == billed:
            return f"{sure}: ${usd(billed):f} = bill"
        return f"{sure}: [${usd(least):f}, ${usd(most):f}], bill ${usd(billed):f}"


def read(*, bill: dict[str, Any], attempts: Sequence[Attempt], began_at: datetime) -> Account:
    """The account of the case that began then, on an empty bill."""
    return Account(attempts, [_request(row, began_at) for row in bill["requests"]])


def _request(row: dict[str, Any], began_at: datetime) -> Request:
    return Request(
        seconds=(datetime.fromisoformat(row["at"]) - began_at).total_seconds(),
        id=row["request_id"],
        model=row["model"],
        cost_nanousd=row["cost_nanousd"],
        is_whole=row["outcome"] == "answered",
    )


def _bracket(attempt: Attempt) -> tuple[int, int]:
    if attempt.certainty == Certainty.UNKNOWN:
        return 0, attempt.bound_nanousd
    if attempt.certainty == Certainty.LOWER_BOUND:
        return attempt.cost_nanousd, attempt.bound_nanousd
    return attempt.cost_nanousd, attempt.cost_nanousd


def _problem(attempt: Attempt, request: Request) -> str:
    """How a row contradicts the request that it stands for, "" if it does not."""
    name = f"attempt {attempt.number}"
    if attempt.certainty == Certainty.OPEN:
        return f"{name} was never settled"
    if request.model not in (None, attempt.model):
        return f"{name} asked {attempt.model}, but {request.model} was asked"
    if attempt.request_id not in ("", request.id):
        return f"{name} is request {attempt.request_id}, but {request.id} was seen"
    least, most = _bracket(attempt)
    if not least <= request.cost_nanousd <= most:
        kind = "bracket" if attempt.certainty in BRACKETED else "cost"
        return f"{name}: its {kind} is {least} to {most} nano-dollars, the bill says {request.cost_nanousd}"
    return ""
