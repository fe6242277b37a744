"""Judged tickets, parted for what each is used for: what fits a curve must not choose a threshold, and neither may report.

Tickets that say the same stay together, else a part would be asked what another was told. Within a part each of them counts:
where templates are frequent, `duplicates.clusters` gives one of each.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from random import Random
from types import MappingProxyType

from triage.exceptions import InvalidInput
from triage.services.statistics.checking import check_some
from triage.services.statistics.duplicates import ALIKE, clusters


class Part(StrEnum):
    """What tickets are for: to train the local model, fit the calibration, choose thresholds, and report, each once."""

    TRAIN = "train"
    CALIBRATE = "calibrate"
    CHOOSE = "choose"
    REPORT = "report"


SHARES: Mapping[Part, float] = MappingProxyType(
    {Part.CALIBRATE: 0.2, Part.CHOOSE: 0.5, Part.REPORT: 0.3}
)


def split(
    texts: Sequence[str], *, seed: int, shares: Mapping[Part, float] = SHARES, alike: float = ALIKE
) -> dict[Part, tuple[int, ...]]:
    """The places of `texts` by part, at random but the same for the same seed.

    Args:
        shares: How much each part gets, in proportion; a cluster is never parted, so it is about so much.
        alike: From which Jaccard index of words on two texts say the same.

    Raises:
        InvalidInput: There are not as many different texts as parts, or a share is not above 0.
    """
    check_some("texts", texts)
    return deal(clusters(texts, alike=alike), seed=seed, shares=shares)


def deal(
    groups: Sequence[tuple[int, ...]], *, seed: int, shares: Mapping[Part, float] = SHARES
) -> dict[Part, tuple[int, ...]]:
    """`split` of clusters that are known already: for many splits of the same tickets."""
    if not shares or min(shares.values()) <= 0:
        raise InvalidInput("shares", "each part needs one above 0")
    if len(groups) < len(shares):
        problem = f"{len(groups)} different ones cannot fill {len(shares)} parts"
        raise InvalidInput("texts", problem)
    shuffled = list(groups)
    Random(seed).shuffle(shuffled)
    return _dealt(shuffled, shares)


def _dealt(
    groups: Sequence[tuple[int, ...]], shares: Mapping[Part, float]
) -> dict[Part, tuple[int, ...]]:
    """Each group to the part that has least of its share; first one to each, so that none stays empty."""
    parts: dict[Part, list[int]] = {part: [] for part in shares}
    for group in groups:
        neediest = min(shares, key=lambda part: len(parts[part]) / shares[part])
        parts[neediest] += group
    return {part: tuple(sorted(places)) for part, places in parts.items()}
