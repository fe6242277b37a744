"""How well each label is known: its row, what it is taken for, and the few labels that most tickets have."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from triage.selectors.intervals import Share
from triage.services.evaluation.cases import Case
from triage.services.evaluation.results.rule import Rule, is_first_right
from triage.services.evaluation.results.shares import Json, counted, told
from triage.services.statistics.scores import LabelScore, by_label

NUMBERS_AT_MOST = 20
HEAD_SHARE = 0.8


def rows(cases: Sequence[Case], *, rule: Rule, groups: Mapping[str, str]) -> list[Json]:
    """A row a label of the taxonomy or of a ticket, those with the most tickets first. From all tickets."""
    table = by_label(map(rule.judgement, cases), labels=rule.labels)
    return [_row(score, cases, rule, groups) for score in table]


def _row(score: LabelScore, cases: Sequence[Case], rule: Rule, groups: Mapping[str, str]) -> Json:
    mine = [case for case in cases if case.truth == score.label]
    return {
        "label": score.label,
        "name": rule.name_of(score.label),
        "group": str(groups.get(score.label, "")),
        "is_always_escalated": rule.is_always_escalated(score.label),
        "tickets": score.known,
        "chosen": score.chosen,
        "right": score.right,
        "precision": told(score.precision),
        "recall": told(score.recall),
        "f1": score.f1,
        "first": counted(map(is_first_right, mine)),
    }


def confusion(cases: Sequence[Case]) -> list[Json]:
    """Each pair of known and chosen label that some ticket has, the most frequent first; "" where nobody had an answer.

    `numbers` are those of the first tickets, NUMBERS_AT_MOST.
    """
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for case in cases:
        found[case.truth, case.decided.label if case.decided else ""].append(case.number)
    ranked = sorted(found.items(), key=lambda cell: (-len(cell[1]), cell[0]))
    return [
        {
            "truth": truth,
            "chosen": chosen,
            "tickets": len(numbers),
            "numbers": sorted(numbers)[:NUMBERS_AT_MOST],
        }
        for (truth, chosen), numbers in ranked
    ]


def head(cases: Sequence[Case]) -> Json:
    """The fewest labels that HEAD_SHARE of the tickets have, and how often the first model is right on them and on the rest."""
    names = _head(Counter(case.truth for case in cases))
    inside = [case for case in cases if case.truth in names]
    outside = [case for case in cases if case.truth not in names]
    return {
        "labels": names,
        "share": told(Share(len(inside), len(cases))),
        "first_accuracy": counted(map(is_first_right, inside)),
        "rest_accuracy": counted(map(is_first_right, outside)),
    }


def _head(tickets: Counter[str]) -> list[str]:
    chosen: list[str] = []
    covered = 0
    for label, number in sorted(tickets.items(), key=lambda each: (-each[1], each[0])):
        if covered >= HEAD_SHARE * tickets.total():
            break
        chosen.append(label)
        covered += number
    return chosen
