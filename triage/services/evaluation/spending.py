"""What a run may still spend: every call takes its bound first, and gives back what it did not cost.

One process works on a run at a time, so the ledger read at the start of a slice, less what is taken since, is all there is.
"""

from dataclasses import dataclass

from triage.models import Evaluation
from triage.services.evaluation.reading import spent_nanousd


@dataclass(slots=True)
class Purse:
    """Nano-dollars that are neither spent nor held."""

    left: int

    def take(self, bound_nanousd: int) -> bool:
        """Hold that much, if it is there."""
        if bound_nanousd > self.left:
            return False
        self.left -= bound_nanousd
        return True

    def give_back(self, nanousd: int) -> None:
        self.left += nanousd


def purse_of(evaluation: Evaluation) -> Purse:
    return Purse(evaluation.budget_nanousd - spent_nanousd(evaluation))
