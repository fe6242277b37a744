"""What one threshold for all labels would do, from strict to loose: how much stands, what is wrong, what it takes and costs.

Counted on the tickets for choosing. Labels that are always escalated do not stand by themselves. What is proven here is proven
for this one threshold, apart from the promise of the groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from triage.models import Part
from triage.services.evaluation.cases import Case
from triage.services.evaluation.results.choosing import Evidence
from triage.services.evaluation.results.costs import first_cost, strong_costs
from triage.services.evaluation.results.shares import Json, mean
from triage.services.statistics.intervals import upper_error
from triage.services.statistics.thresholds import Promise, Step, steps

PER = 1_000  # tickets
ALWAYS, NEVER = -1.0, 2.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Mean nano-dollars of a ticket's first answer and of a strong one, and a person's minutes for one that does not stand."""

    first: float
    strong: float
    review_minutes: float


def sweep(evidence: Evidence, *, review_minutes: float) -> list[Json]:
    """A point for each threshold of the grid; none where there is nothing to choose by. Figures are for PER tickets.

    Dollars are estimated: the first answer's mean for every ticket, the strong one's for those that the threshold would escalate.
    """
    tickets, grid = evidence.part(Part.CHOOSE), evidence.grid
    if not tickets or not grid:
        return []
    chances = [_chance_to_stand(case, evidence) for case in tickets]
    curve = [
        step
        for step in steps(chances, [case.is_right for case in tickets], grid=grid)
        if step.threshold > 0
    ]
    prices = Prices(
        first=mean([first_cost(case) for case in evidence.cases]) or 0.0,
        strong=mean(strong_costs(evidence.cases)) or 0.0,
        review_minutes=review_minutes,
    )
    proven = _proven(curve, evidence.promise)
    firsts = _firsts(tickets, evidence)
    return [
        {**_point(step, len(tickets), evidence.promise), "is_certified": step in proven}
        | _prices(step, firsts, prices)
        for step in curve
    ]


def _chance_to_stand(case: Case, evidence: Evidence) -> float:
    """0, which no threshold lets stand, where there is no answer or its label is always escalated."""
    said = case.decided
    if said is None or evidence.rule.is_always_escalated(said.label):
        return 0.0
    return evidence.chance(case)


def _proven(curve: Sequence[Step], promise: Promise) -> set[Step]:
    """The thresholds that a walk from strict to loose passes, each at the full chance, until the first that fails."""
    walk = [step for step in curve if step.answered >= promise.starts_at]
    return set(takewhile(promise.is_proven, walk))


def _firsts(tickets: Sequence[Case], evidence: Evidence) -> list[float]:
    """The thresholds above which the strong model is asked about each ticket: below 0 always, above 1 never."""
    if not evidence.rule.configuration.strong_model:
        return [NEVER] * len(tickets)
    return [_first(case, evidence) for case in tickets]


def _first(case: Case, evidence: Evidence) -> float:
    if case.first is None or evidence.rule.escalates_unasked(case):
        return ALWAYS
    return case.first.chance


def _point(step: Step, tickets: int, promise: Promise) -> Json:
    return {
        "threshold": step.threshold,
        "answered": step.answered,
        "errors": step.errors,
        "coverage": step.answered / tickets,
        "error": step.errors / step.answered if step.answered else None,
        "error_at_most": upper_error(step.errors, step.answered, promise.d),
        "errors_per_1000": PER * step.errors / tickets,
        "errors_per_1000_at_most": PER * upper_error(step.errors, tickets, promise.d),
        "is_tested": step.answered >= promise.starts_at,
    }


def _prices(step: Step, firsts: Sequence[float], prices: Prices) -> Json:
    """What a threshold takes of people's time and costs, with the share that the rule would escalate."""
    escalated = sum(first < step.threshold for first in firsts) / len(firsts)
    reviewed = 1 - step.answered / len(firsts)
    return {
        "escalated": escalated,
        "review_minutes_per_1000": PER * reviewed * prices.review_minutes,
        "cost_nanousd_per_1000": round(PER * (prices.first + escalated * prices.strong)),
    }
