"""The ledger beside the provider's bill, request by request.

A request whose answer arrived is known by its id. What a killed process had sent has none: such rows of the bill must be no more
than the attempts of unknown cost, model by model, and together within the sum of their bounds.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from faults.trials_world import Finding
from triage.models import Attempt, Certainty

UNSURE = (Certainty.OPEN, Certainty.UNKNOWN, Certainty.LOWER_BOUND)


@dataclass(frozen=True, slots=True)
class Match:
    """Money in nano-dollars. `known` are costs of the ledger and of the bill for the same requests; `unequal` are pairs."""

    requests: int
    attempts: int
    without_row: int
    known_ledger: int
    known_bill: int
    unequal: int
    unknown: int
    lower: int
    upper: int
    rest: int

    def findings(self) -> list[Finding]:
        bracket = f"{self.unknown} attempts in [{self.lower:,}, {self.upper:,}]"
        return [
            Finding("requests the provider saw", f"{self.requests:,}"),
            Finding("attempts in the ledger", f"{self.attempts:,}"),
            Finding("requests without a row", str(self.without_row), "0", self.without_row == 0),
            Finding(
                "known cost, ledger and bill, nano-dollars",
                f"{self.known_ledger:,} and {self.known_bill:,}",
                "equal",
                self.known_ledger == self.known_bill and not self.unequal,
            ),
            Finding(
                "the bill's rest, nano-dollars",
                f"{self.rest:,}; {bracket}",
                "inside",
                self.lower <= self.rest <= self.upper,
            ),
        ]


def match(bill: dict[str, Any]) -> Match:
    """The ledger's attempts matched to a whole bill."""
    attempts = list(Attempt.objects.all())
    named = {attempt.request_id: attempt for attempt in attempts if attempt.request_id}
    unsure = [attempt for attempt in attempts if attempt.certainty in UNSURE]
    pairs = [(row, named.pop(row["request_id"], None)) for row in bill["requests"]]
    known = [(row, attempt) for row, attempt in pairs if attempt]
    rest = [row for row, attempt in pairs if not attempt]
    return Match(
        requests=len(pairs),
        attempts=len(attempts),
        without_row=_count_without_row(rest, unsure),
        known_ledger=sum(a.cost_nanousd for a in attempts if a not in unsure),
        known_bill=sum(row["cost_nanousd"] for row, _ in known),
        unequal=sum(row["cost_nanousd"] != a.cost_nanousd for row, a in known) + len(named),
        unknown=len(unsure),
        lower=sum(a.cost_nanousd for a in unsure if a.certainty == Certainty.LOWER_BOUND),
        upper=sum(a.bound_nanousd for a in unsure),
        rest=sum(row["cost_nanousd"] for row in rest),
    )


def _count_without_row(rest: list[dict[str, Any]], unsure: list[Attempt]) -> int:
    """Requests of no known attempt that are more than the unsure ones; one that broke off early names no model."""
    rows = Counter(row["model"] for row in rest if row["model"])
    spare = Counter(attempt.model for attempt in unsure)
    return max(sum((rows - spare).values()), len(rest) - len(unsure))
