"""Confirmed tickets parted for what each serves: to train, calibrate, certify, or compare a challenger with the champion.

Tickets that say the same stay together. What compares is held out of every training: a fifth of the random tickets, always the
same ones (the golden set), and the audits of the last four weeks. So no model is compared on what it or another has learnt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.services.evaluation.learning.examples import Example
from triage.services.statistics import splits
from triage.services.statistics.duplicates import clusters, digest

GOLDEN_PERCENT = 20
RECENT = timedelta(weeks=4)
SHARES = {splits.Part.TRAIN: 0.4, splits.Part.CALIBRATE: 0.15, splits.Part.CHOOSE: 0.45}
SEED = 1
Cluster = tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Dealt:
    """`train` may hold corrections; the others are random tickets alone."""

    train: Cluster
    calibrate: Cluster
    choose: Cluster
    compare: Cluster


def deal(examples: Sequence[Example], *, now: datetime) -> Dealt:
    """Each ticket to one part or, where others that say the same are judged by, to none."""
    groups = [
        tuple(examples[place] for place in places)
        for places in clusters([each.text for each in examples])
    ]
    corrected = [group for group in groups if not _random(group)]
    compare = [group for group in groups if _random(group) and _compares(group, now)]
    rest = [group for group in groups if _random(group) and not _compares(group, now)]
    train, calibrate, choose = _parts(rest)
    return Dealt(
        train=_joined([*corrected, *train]),
        calibrate=_joined(map(_random, calibrate)),
        choose=_joined(map(_random, choose)),
        compare=_joined(map(_random, compare)),
    )


def _parts(groups: Sequence[Cluster]) -> tuple[list[Cluster], ...]:
    """With fewer groups than parts all train: there is nothing to certify by."""
    if len(groups) < len(SHARES):
        return list(groups), [], []
    dealt = splits.deal([(place,) for place in range(len(groups))], seed=SEED, shares=SHARES)
    return tuple([groups[place] for place in dealt[part]] for part in SHARES)


def _random(group: Cluster) -> Cluster:
    return tuple(each for each in group if each.is_random)


def _compares(group: Cluster, now: datetime) -> bool:
    audits = [each.audited_at for each in group if each.audited_at]
    if audits and max(audits) > now - RECENT:
        return True
    first = min(_random(group), key=lambda each: (each.ticket_id or 0, each.text))
    return int(digest(first.text)[:8], 16) % 100 < GOLDEN_PERCENT


def _joined(groups: Iterable[Cluster]) -> Cluster:
    return tuple(each for group in groups for each in group)
