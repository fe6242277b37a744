"""Labels in three groups, each with a threshold of its own, told on the tickets for calibrating; and labels too wrong to stand.

A label is judged by the first model's answers that name it and are sure by the rule in force: those that would stand.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from triage.models import Part
from triage.selectors.intervals import Share
from triage.services.evaluation.cases import Case
from triage.services.evaluation.results.rule import Rule, is_first_right, part_of
from triage.services.evaluation.results.shares import Json, told
from triage.services.statistics.intervals import lower_error, needed_without_error, upper_error
from triage.services.statistics.thresholds import Promise

RARE_BELOW = 20  # tickets for calibrating that the first model gave the label


class Group(StrEnum):
    EASY = "easy"
    HARD = "hard"
    RARE = "rare"


def group_labels(cases: Sequence[Case], *, rule: Rule, promise: Promise) -> dict[str, Group]:
    """The group of each label of the taxonomy, by the tickets for calibrating alone."""
    tickets = part_of(cases, Part.CALIBRATE)
    return {label: _group(label, tickets, rule, promise) for label in rule.labels}


def _group(label: str, tickets: Sequence[Case], rule: Rule, promise: Promise) -> Group:
    if rule.is_always_escalated(label) or is_too_wrong(_wrong(label, tickets, rule), promise):
        return Group.HARD
    named = sum(case.first is not None and case.first.label == label for case in tickets)
    return Group.RARE if named < RARE_BELOW else Group.EASY


def is_too_wrong(wrong: Share, promise: Promise) -> bool:
    """Whether the bound of the error is above the target, though there are enough tickets for it to be below.

    With fewer, whether even the lower bound is above: that nothing is proven yet is no reason.
    """
    if lower_error(wrong.part, wrong.whole, promise.d) > promise.target:
        return True
    is_enough = wrong.whole >= needed_without_error(promise.target, promise.d)
    return is_enough and upper_error(wrong.part, wrong.whole, promise.d) > promise.target


def proposals(cases: Sequence[Case], *, rule: Rule, promise: Promise) -> list[Json]:
    """Labels that should always be escalated and are not yet, by all tickets but those of the report."""
    tickets = part_of(cases, Part.CALIBRATE, Part.CHOOSE)
    return list(_proposals(tickets, rule, promise))


def _proposals(tickets: Sequence[Case], rule: Rule, promise: Promise) -> Iterable[Json]:
    for label in rule.labels:
        wrong = _wrong(label, tickets, rule)
        if not rule.is_always_escalated(label) and is_too_wrong(wrong, promise):
            upper = upper_error(wrong.part, wrong.whole, promise.d)
            yield {
                "label": label,
                "name": rule.name_of(label),
                "errors": told(wrong),
                "upper_error": upper,
            }


def _wrong(label: str, tickets: Sequence[Case], rule: Rule) -> Share:
    """The first model's sure answers that name the label, and those of them that are wrong."""
    sure = [c for c in tickets if c.first and c.first.label == label and rule.is_sure(c.first)]
    return Share(sum(not is_first_right(case) for case in sure), len(sure))


def group_of(label: str, groups: Mapping[str, Group]) -> Group:
    """A label that the taxonomy does not have has hardly been seen."""
    return groups.get(label, Group.RARE)
