"""What each ticket of an evaluation is for: to calibrate, to choose thresholds, or to report; each once.

Tickets that say the same stay together. What a calibrator was fitted on proves nothing of it, nor does what the local model may
have learnt, whose chances it weighs: such tickets calibrate again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.models import Calibrator, EvaluationTicket, Part, Stage
from triage.services.classification import stage_0
from triage.services.classification.calibrating import weighs_local
from triage.services.evaluation.configurations import OWN, Configuration
from triage.services.evaluation.learnt import find_learnt
from triage.services.statistics import splits
from triage.services.statistics.duplicates import clusters, digest
from triage.services.statistics.splits import SHARES

Groups = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Known:
    """What those that decide have seen: texts that were few enough to look for ones like them, and digests of others."""

    texts: tuple[str, ...] = ()
    digests: frozenset[str] = frozenset()


NOTHING = Known()


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket's cluster, counted from 1, and its part. `is_known`: to those that decide, or like what is."""

    cluster: int
    part: Part
    is_known: bool


def find_known(configurations: Sequence[Configuration]) -> Known:
    """What the calibrators of these configurations were fitted on, and what the local model that they weigh may have learnt."""
    rows = [
        row
        for stage, version in sorted(_versions(configurations))
        for row in Calibrator.objects.filter(stage=stage, version=version)
    ]
    tickets = EvaluationTicket.objects.filter(
        evaluation__in={row.evaluation_id for row in rows}, part=Part.CALIBRATE
    )
    fitted_on = tickets.values_list("subject", "description")
    local = stage_0.champion() if any(map(weighs_local, rows)) else None
    return Known(
        texts=tuple(stage_0.text_of(subject, words) for subject, words in fitted_on),
        digests=find_learnt(local) if local else frozenset(),
    )


def _versions(configurations: Sequence[Configuration]) -> set[tuple[str, str]]:
    found = {
        (stage.value, each.calibrator_of(stage))
        for each in configurations
        for stage in (Stage.FIRST, Stage.STRONG)
    }
    return {(stage, version) for stage, version in found if version not in ("", OWN)}


def place(texts: Sequence[str], *, seed: int, known: Known = NOTHING) -> list[Place]:
    """Each text's; with fewer different ones than parts all are for the report."""
    number = len(texts)
    joined = clusters([*texts, *known.texts]) if texts else ()
    groups = [group for each in joined if (group := tuple(at for at in each if at < number))]
    seen = {at for each in joined if each[-1] >= number for at in each if at < number}
    seen |= {at for at, text in enumerate(texts) if digest(text) in known.digests}
    again = [group for group in groups if seen & set(group)]
    part_of = _parts(groups, again, seed=seed)
    cluster_of = {at: n for n, group in enumerate(groups, 1) for at in group}
    is_known = {at for group in again for at in group}
    return [
        Place(cluster_of[at], part_of.get(at, Part.REPORT), at in is_known) for at in range(number)
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
