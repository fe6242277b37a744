"""Two configurations on the same tickets: what the second puts right and what it spoils, and whether that is more than chance."""

from collections.abc import Sequence

from triage.services.evaluation.cases import Case
from triage.services.evaluation.reporting.formats import dollars, p_value, plural
from triage.services.evaluation.results.shares import Json
from triage.services.statistics import mcnemar

CHANCE = 0.05


def compare(cases: Sequence[Case], others: Sequence[Case]) -> Json | None:
    """The second against the first, on tickets that both answered; None where there is no such ticket.

    `loss_at_most`: the second is right less often by at most this share of tickets, but for a chance of 5 %.
    """
    theirs = {case.number: case for case in others if case.decided}
    pairs = [
        (case, theirs[case.number]) for case in cases if case.decided and case.number in theirs
    ]
    if not pairs:
        return None
    paired = mcnemar.pair([b.is_right for _, b in pairs], [a.is_right for a, _ in pairs])
    p = mcnemar.p_value(paired)
    costs = sum(b.cost_nanousd - a.cost_nanousd for a, b in pairs) / len(pairs)
    return {
        "tickets": len(pairs),
        "fixes": paired.only_first,
        "breaks": paired.only_second,
        "p_value": p,
        "difference": -paired.loss if paired.loss else 0.0,
        "loss_at_most": mcnemar.loss_at_most(paired),
        "cost_difference_nanousd": round(costs),
        "sentence": _sentence(paired, p, costs),
    }


def _sentence(paired: mcnemar.Paired, p: float, cost_nanousd: float) -> str:
    counts = f"B fixes {paired.only_first:,}, breaks {paired.only_second:,}, {p_value(p)}"
    return (
        f"{counts} (exact McNemar test on {plural(paired.tickets, 'ticket')} that both answered): {_verdict(paired, p)};"
        f" {_cost(cost_nanousd)}."
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
