"""Reads of the cells of days that the tables of health and quotas share."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Max, QuerySet, Sum

from triage.models import Grain, Subject, Tally
from triage.models.rollups import Cell
from triage.selectors.tables import Asked

C = TypeVar("C", bound=Cell)


@dataclass(frozen=True, slots=True)
class Tallied:
    """How many there were of one value in all the days, and when the last one was (aware, UTC)."""

    subject: Subject
    feature: str
    model: str
    value: str
    number: int
    last_at: datetime


def of_days(cells: QuerySet[C], asked: Asked) -> QuerySet[C]:
    """Those of the days asked for, of one feature and model where that is asked for too."""
    found = cells.filter(
        grain=Grain.DAY,
        starts_at__gte=asked.period.starts_at,
        starts_at__lt=asked.period.ends_before,
    )
    if asked.feature:
        found = found.filter(feature=asked.feature)
    return found.filter(model=asked.model) if asked.model else found


def tallied(asked: Asked, *subjects: Subject) -> Iterator[Tallied]:
    """Sums over the days, in one query."""
    rows = (
        of_days(Tally.objects.all(), asked)
        .filter(subject__in=subjects)
        .values_list("subject", "feature", "model", "value")
        .annotate(number=Sum("number"), last_at=Max("last_at"))
    )
    for subject, feature, model, value, number, last_at in rows:
        yield Tallied(Subject(subject), feature, model, value, number, last_at)


def share(part: int, whole: int) -> float | None:
    """0 to 1; None where there is nothing to take a share of."""
    return part / whole if whole else None
