"""What the answers cost and how long they took, beside asking the strong model about every ticket."""

from collections.abc import Sequence

from triage.services.evaluation.cases import Case
from triage.services.evaluation.results.rule import Rule, is_strong_right
from triage.services.evaluation.results.shares import Json, counted, mean, percentile
from triage.services.statistics.mcnemar import loss_at_most, p_value, pair


def cost_per_ticket(cases: Sequence[Case]) -> int:
    return round(mean([case.cost_nanousd for case in cases]) or 0)


def first_cost(case: Case) -> int:
    """What was asked about a ticket, but for the strong model's usable answer."""
    strong = case.strong.cost_nanousd if case.escalation and case.strong else 0
    return case.cost_nanousd - strong


def strong_costs(cases: Sequence[Case]) -> list[int]:
    """Of each usable answer of the strong model, whether the rule asked for it or not."""
    return [case.strong.cost_nanousd for case in cases if case.strong]


def latency(cases: Sequence[Case]) -> Json | None:
    """Milliseconds from the first question to the last answer; None where none was asked live."""
    found = [waited for case in cases if (waited := _waited(case)) is not None]
    if not found:
        return None
    return {"p50": percentile(found, 0.5), "p95": percentile(found, 0.95), "tickets": len(found)}


def _waited(case: Case) -> int | None:
    asked = [case.first, case.strong] if case.escalation else [case.first]
    waits = [said.latency_ms if said else None for said in asked]
    return None if None in waits else sum(wait or 0 for wait in waits)


def strong_only(cases: Sequence[Case], *, rule: Rule) -> Json | None:
    """Asking the strong model about every ticket; None where the configuration has none.

    Its accuracy, and the bound of what the cascade loses against it, are told only where it was asked about every ticket.
    Else its cost is that of the tickets that were escalated: of harder and often longer ones.
    """
    costs = strong_costs(cases)
    if not rule.configuration.strong_model or not costs:
        return None
    is_measured = rule.configuration.asks_strong_always
    each, cascade = round(sum(costs) / len(costs)), cost_per_ticket(cases)
    return {
        "is_measured": is_measured,
        "tickets": len(costs),
        "cost_per_ticket_nanousd": each,
        "cascade_cost_per_ticket_nanousd": cascade,
        "saving": 1 - cascade / each if each else None,
        "accuracy": counted(map(is_strong_right, cases)) if is_measured else None,
        "loss": _loss(cases) if is_measured else None,
    }


def _loss(cases: Sequence[Case]) -> Json:
    """Of the cascade against the strong model alone, as a share of the tickets; `at_most` but for a chance of 5 %."""
    paired = pair([case.is_right for case in cases], list(map(is_strong_right, cases)))
    return {
        "fixed_by_cascade": paired.only_first,
        "lost_by_cascade": paired.only_second,
        "value": paired.loss,
        "at_most": loss_at_most(paired),
        "p_value": p_value(paired),
    }
