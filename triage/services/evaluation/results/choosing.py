"""From which chance on labels may stand without a person: chosen on the tickets for choosing, told on those of the report.

The thresholds that are tried come from the tickets for calibrating. What is proven holds for answers given as in this run: with
other thresholds the rule would also escalate other tickets; `changed_way` counts them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from triage.models import Part
from triage.services.evaluation.cases import Case
from triage.services.evaluation.results.groups import Group, group_of, proposals
from triage.services.evaluation.results.rule import Rule, part_of
from triage.services.evaluation.results.shares import Json, counted
from triage.services.statistics.thresholds import (
    Certified,
    Promise,
    Refused,
    Step,
    certify_groups,
    spread_grid,
)

NO_TICKETS = "there are too few tickets to choose a threshold by: nothing is proven"
NO_GROUP = "no ticket to choose by got a label of this group"
Chances = tuple[list[float], list[bool]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All cases of a configuration with what was grouped on those for calibrating.

    `calibrators` are the versions by stage of those that the chances come from; none: they are as stated.
    """

    cases: Sequence[Case]
    rule: Rule
    calibrators: Mapping[str, str]
    groups: Mapping[str, Group]
    promise: Promise

    def part(self, part: Part) -> list[Case]:
        return part_of(self.cases, part)

    def chance(self, case: Case) -> float:
        """Of the deciding answer being right; below every threshold where there is none."""
        return case.decided.chance if case.decided else -1.0

    @property
    def grid(self) -> tuple[float, ...]:
        """Falling thresholds, from the tickets for calibrating; none where those have no answers."""
        tickets = self.part(Part.CALIBRATE)
        chances = [self.chance(case) for case in tickets if case.decided]
        return spread_grid(chances) if chances else ()


def recommend(evidence: Evidence) -> Json:
    """A threshold for each group of labels, or what is missing; and what came of them on tickets nobody had looked at."""
    found = _certified(evidence)
    thresholds = {
        Group(name): each.step.threshold
        for name, each in found.items()
        if isinstance(each, Certified)
    }
    report = evidence.part(Part.REPORT)
    stands = [_stands(case, evidence, thresholds) for case in report]
    return {
        "target": evidence.promise.target,
        "d": evidence.promise.d,
        "speaks_of": "calibrated" if evidence.calibrators else "stated",
        "calibrators": dict(evidence.calibrators),
        "is_certified": bool(thresholds),
        "words": "" if found else NO_TICKETS,
        "groups": [_group(group, found.get(group.value), evidence) for group in Group],
        "tickets": len(report),
        "coverage": counted(stands),
        "errors": _errors(report, stands),
        "changed_way": _changed_way(evidence, thresholds),
        "always_escalate": proposals(evidence.cases, rule=evidence.rule, promise=evidence.promise),
    }


def _certified(evidence: Evidence) -> dict[str, Certified | Refused]:
    """By group; groups that no ticket for choosing got are not tested, and cost the others nothing."""
    judged: dict[str, Chances] = defaultdict(lambda: ([], []))
    for case in evidence.part(Part.CHOOSE):
        if case.decided:
            chances, are_right = judged[group_of(case.decided.label, evidence.groups).value]
            chances.append(evidence.chance(case))
            are_right.append(case.is_right)
    if not judged or not evidence.grid:
        return {}
    return certify_groups(judged, promise=evidence.promise, grid=evidence.grid)


def _group(group: Group, found: Certified | Refused | None, evidence: Evidence) -> Json:
    labels = sorted(label for label, each in evidence.groups.items() if each is group)
    threshold = found.step.threshold if isinstance(found, Certified) else None
    step = found.step if found else Step(1.0, 0, 0)
    of_report = [
        case
        for case in evidence.part(Part.REPORT)
        if case.decided and group_of(case.decided.label, evidence.groups) is group
    ]
    stands = [threshold is not None and evidence.chance(c) >= threshold for c in of_report]
    return {
        "group": group.value,
        "labels": labels,
        "is_certified": threshold is not None,
        "threshold": threshold,
        "tickets": found.tickets if found else 0,
        "answered": step.answered,
        "errors": step.errors,
        "upper_error": found.upper_error if isinstance(found, Certified) else None,
        "missing": found.missing if isinstance(found, Refused) else None,
        "words": _words(found),
        "report": {"coverage": counted(stands), "errors": _errors(of_report, stands)},
    }


def _words(found: Certified | Refused | None) -> str:
    if found is None:
        return NO_GROUP
    if isinstance(found, Refused):
        return found.words
    return (
        f"at most {100 * found.promise.target:g} % wrong is proven: of {found.step.answered:,} answered tickets"
        f" {found.step.errors:,} {'is' if found.step.errors == 1 else 'are'} wrong"
    )


def _stands(case: Case, evidence: Evidence, thresholds: Mapping[Group, float]) -> bool:
    if case.decided is None:
        return False
    threshold = thresholds.get(group_of(case.decided.label, evidence.groups))
    return threshold is not None and evidence.chance(case) >= threshold


def _errors(cases: Sequence[Case], stands: Sequence[bool]) -> Json:
    return counted(not c.is_right for c, stood in zip(cases, stands, strict=True) if stood)


def _changed_way(evidence: Evidence, thresholds: Mapping[Group, float]) -> Json:
    """Of the tickets for choosing, those that the proven thresholds would escalate and the run did not, or the reverse."""
    return counted(_changes(evidence, thresholds))


def _changes(evidence: Evidence, thresholds: Mapping[Group, float]) -> Iterable[bool]:
    for case in evidence.part(Part.CHOOSE):
        if case.first is None or evidence.rule.escalates_unasked(case):
            yield False
            continue
        threshold = thresholds.get(group_of(case.first.label, evidence.groups))
        yield threshold is not None and (case.first.chance < threshold) != bool(case.escalation)
