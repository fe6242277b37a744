"""Two configurations on the same tickets: what the second puts right and what it spoils, and whether that is more than chance."""

from collections.abc import Sequence

from triage.services.evaluation.cases import Case
from triage.services.evaluation.reporting.formats import dollars, p_value, plural
from triage.services.evaluation.results.costs import strong_costs
from triage.services.evaluation.results.shares import Json, mean
from triage.services.statistics import mcnemar

CHANCE = 0.05
Pairs = Sequence[tuple[Case, Case]]


def compare(
    cases: Sequence[Case], others: Sequence[Case], *, asks_the_same: bool = False
) -> Json | None:
    """The second against the first, on tickets that both answered; None where there is no such ticket.

    `loss_at_most`: the second is right less often by at most this share of tickets, but for a chance of 5 %.

    Args:
        asks_the_same: Their calls are alike, and only who is escalated differs. Then each call counts at the mean of both: what
            is asked first has paid for a cache that the other one reads.
    """
    theirs = {case.number: case for case in others if case.decided}
    pairs = [
        (case, theirs[case.number]) for case in cases if case.decided and case.number in theirs
    ]
    if not pairs:
        return None
    paired = mcnemar.pair([b.is_right for _, b in pairs], [a.is_right for a, _ in pairs])
    p = mcnemar.p_value(paired)
    costs = _escalated_apart(pairs) if asks_the_same else _paid_apart(pairs)
    return {
        "tickets": len(pairs),
        "fixes": paired.only_first,
        "breaks": paired.only_second,
        "p_value": p,
        "difference": -paired.loss if paired.loss else 0.0,
        "loss_at_most": mcnemar.loss_at_most(paired),
        "cost_difference_nanousd": round(costs),
        "sentence": _sentence(paired, p, costs, " at the mean price of a call" * asks_the_same),
    }


def _paid_apart(pairs: Pairs) -> float:
    return sum(b.cost_nanousd - a.cost_nanousd for a, b in pairs) / len(pairs)


def _escalated_apart(pairs: Pairs) -> float:
    """What B's escalations cost more than A's, in nano-dollars a ticket."""
    strong = mean(strong_costs([case for pair in pairs for case in pair])) or 0.0
    more = sum(bool(b.escalation) - bool(a.escalation) for a, b in pairs)
    return strong * more / len(pairs)


def _sentence(paired: mcnemar.Paired, p: float, cost_nanousd: float, priced: str) -> str:
    counts = f"B fixes {paired.only_first:,}, breaks {paired.only_second:,}, {p_value(p)}"
    return (
        f"{counts} (exact McNemar test on {plural(paired.tickets, 'ticket')} that both answered): {_verdict(paired, p)};"
        f" {_cost(cost_nanousd)}{priced}."
    )


def _verdict(paired: mcnemar.Paired, p: float) -> str:
    if p >= CHANCE:
        return "the difference may be chance"
    word = "better" if paired.loss < 0 else "worse"
    return f"B is {word} by {100 * abs(paired.loss):.1f} points"


def _cost(nanousd: float) -> str:
    if round(nanousd) == 0:
        return "it costs the same"
    word = "more" if nanousd > 0 else "less"
    return f"it costs {dollars(1_000 * abs(nanousd))} {word} per 1,000 tickets"
