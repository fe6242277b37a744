"""What people made of triage's decisions: sums over the cells of whole days, by whatever one asks."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.db.models import Q, QuerySet, Sum

from triage.models import ConfusionCell, Decision, Grain, Stage, TriageCell
from triage.models.rollups import NO_BAND
from triage.selectors import intervals
from triage.selectors.intervals import Interval, Share
from triage.selectors.tables import Asked

MILLION = 1_000_000
NANOUSD_PER_MICROUSD = 1_000


@dataclass(frozen=True, slots=True)
class Sums:
    """Runs of one kind, added up. Those of `sure_runs` named a confidence. Money is in nano-dollars."""

    runs: int = 0
    applied: int = 0
    suggested: int = 0
    withheld: int = 0
    escalated: int = 0
    judged: int = 0
    right: int = 0
    changed: int = 0
    changed_judged: int = 0
    changed_right: int = 0
    first_right: int = 0
    sure_runs: int = 0
    confidence_micro: int = 0
    cost_nanousd: int = 0
    escalated_nanousd: int = 0
    cost_square_e12: int = 0  # in squared millionths of a dollar

    @property
    def accuracy(self) -> Share:
        return Share(self.right, self.judged)

    @property
    def mean_confidence(self) -> float | None:
        return self.confidence_micro / MILLION / self.sure_runs if self.sure_runs else None

    @property
    def run_nanousd(self) -> int | None:
        return round(self.cost_nanousd / self.runs) if self.runs else None

    @property
    def run_interval(self) -> Interval | None:
        """Of the mean cost of a run, in nano-dollars."""
        total_microusd = self.cost_nanousd / NANOUSD_PER_MICROUSD
        found = intervals.of_mean(total_microusd, self.cost_square_e12, self.runs)
        if found is None:
            return None
        return Interval(found.low * NANOUSD_PER_MICROUSD, found.high * NANOUSD_PER_MICROUSD)

    @property
    def changed_rightly(self) -> float:
        """How many runs the strong model changed for the better, if all are like those that people judged."""
        return self.changed * (Share(self.changed_right, self.changed_judged).value or 0.0)

    @property
    def changed_right_nanousd(self) -> int | None:
        """What escalating cost for each of them, the first model's part included; None where there is none."""
        rightly = self.changed_rightly
        return round(self.escalated_nanousd / rightly) if rightly else None


SUMMED: Mapping[str, Any] = {
    "runs": Sum("runs"),
    "applied": Sum("runs", filter=Q(decision=Decision.APPLIED), default=0),
    "suggested": Sum("runs", filter=Q(decision=Decision.SUGGESTED), default=0),
    "withheld": Sum("runs", filter=Q(decision=Decision.WITHHELD), default=0),
    "escalated": Sum("escalated"),
    "judged": Sum("judged"),
    "right": Sum("right"),
    "changed": Sum("changed"),
    "changed_judged": Sum("changed_judged"),
    "changed_right": Sum("changed_right"),
    "first_right": Sum("first_right"),
    "sure_runs": Sum("runs", filter=~Q(band=NO_BAND), default=0),
    "confidence_micro": Sum("confidence_micro"),
    "cost_nanousd": Sum("cost_nanousd"),
    "escalated_nanousd": Sum(
        "cost_nanousd", filter=~Q(stage__in=[Stage.LOCAL, Stage.FIRST]), default=0
    ),
    "cost_square_e12": Sum("cost_square_e12"),
}


def sums_by(column: str, asked: Asked) -> dict[Any, Sums]:
    """The sums of the days and the team asked for, by a column of `TriageCell`. One query over their day cells."""
    cells = TriageCell.objects.filter(_days(asked))
    return summed(column, cells if asked.team_id is None else cells.filter(team_id=asked.team_id))


def sums_by_variant(variant_ids: Iterable[int], *, since: datetime) -> dict[int, Sums]:
    """The sums of all days from that of `since` on. One query."""
    first = datetime.combine(since.astimezone(UTC), time.min, UTC)
    cells = TriageCell.objects.filter(grain=Grain.DAY, starts_at__gte=first)
    return summed("variant_id", cells.filter(variant_id__in=variant_ids))


def summed(column: str, cells: QuerySet[TriageCell]) -> dict[Any, Sums]:
    # A sum must not have the name of the column that it adds up.
    sums = {f"sum_{name}": each for name, each in SUMMED.items()}
    rows = cells.order_by().values(column).annotate(**sums).values_list(column, *sums)
    return {key: Sums(*map(int, values)) for key, *values in rows}


def total(several: Iterable[Sums]) -> Sums:
    columns = zip(*map(astuple, several), strict=True)
    return Sums(*map(sum, columns))


def confusions(asked: Asked) -> QuerySet[ConfusionCell, tuple[str, str, int]]:
    """(decided, should have been, runs), the most frequent first. Of all teams."""
    cells = ConfusionCell.objects.filter(_days(asked))
    pairs = cells.order_by().values("label", "corrected_to").annotate(number=Sum("runs"))
    ranked = pairs.order_by("-number", "label", "corrected_to")
    return ranked.values_list("label", "corrected_to", "number")


def _days(asked: Asked) -> Q:
    period = asked.period
    return Q(grain=Grain.DAY, starts_at__gte=period.starts_at, starts_at__lt=period.ends_before)
