"""What each ticket of an evaluation is for: to calibrate, to choose thresholds, or to report; each once.

Tickets that say the same stay together. What a calibrator was fitted on proves nothing of it: such tickets calibrate again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.models import Calibrator, EvaluationTicket, Part, Stage
from triage.services.classification.stage_0 import text_of
from triage.services.evaluation.configurations import OWN, Configuration
from triage.services.statistics import splits
from triage.services.statistics.duplicates import clusters, digest
from triage.services.statistics.splits import SHARES

Groups = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket's cluster, counted from 1, and its part. `is_known`: a calibrator was fitted on it, or on one like it."""

    cluster: int
    part: Part
    is_known: bool


def find_fitted_on(configurations: Sequence[Configuration]) -> frozenset[str]:
    """Digests of the texts that the calibrators of these configurations were fitted on."""
    versions = {
        (stage, each.calibrator_of(stage))
        for each in configurations
        for stage in (Stage.FIRST, Stage.STRONG)
    }
    rows = [
        row
        for stage, version in versions
        if version not in ("", OWN)
        for row in Calibrator.objects.filter(stage=stage, version=version)
    ]
    tickets = EvaluationTicket.objects.filter(
        evaluation__in={row.evaluation_id for row in rows}, part=Part.CALIBRATE
    )
    texts = tickets.values_list("subject", "description")
    return frozenset(digest(text_of(subject, words)) for subject, words in texts)


def place(texts: Sequence[str], *, seed: int, fitted_on: frozenset[str]) -> list[Place]:
    """Each text's; with fewer different ones than parts all are for the report."""
    groups = clusters(texts) if texts else ()
    known = [group for group in groups if any(digest(texts[at]) in fitted_on for at in group)]
    part_of = _parts(groups, known, seed=seed)
    cluster_of = {at: number for number, group in enumerate(groups, 1) for at in group}
    again = {at for group in known for at in group}
    return [
        Place(cluster_of[at], part_of.get(at, Part.REPORT), at in again) for at in range(len(texts))
    ]


def _parts(groups: Groups, known: Groups, *, seed: int) -> Mapping[int, Part]:
    """Where those that are known fill their part, no other one is spent on it."""
    if len(groups) < len(SHARES):
        return {}
    fresh = [group for group in groups if group not in set(known)]
    shares = dict(SHARES)
    if len(known) >= shares[splits.Part.CALIBRATE] * len(groups):
        del shares[splits.Part.CALIBRATE]
    dealt = splits.deal(fresh, seed=seed, shares=shares) if len(fresh) >= len(shares) else {}
    found = {at: Part(part.value) for part, places in dealt.items() for at in places}
    return found | {at: Part.CALIBRATE for group in known for at in group}
