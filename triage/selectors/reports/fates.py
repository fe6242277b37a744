"""What became of drafts, added up from their cells."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from django.db.models import Sum

from triage.models import DraftCell, Grain
from triage.selectors.tables import Asked

PAYS_FROM_SHARE = 0.2  # of the decided drafts; where fewer are used, a draft is asked for in vain
DECIDED_AT_LEAST = 10  # before anything is said


class Verdict(StrEnum):
    PAYS = "yes"
    DOES_NOT = "no"
    TOO_EARLY = "too early to say"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of some drafts: the sums of their cells, whose fields these are."""

    drafts: int = 0
    underway: int = 0
    waiting: int = 0
    sent_unchanged: int = 0
    sent_edited: int = 0
    edited_milli: int = 0
    discarded: int = 0
    broken: int = 0
    failed: int = 0
    cancelled: int = 0
    cost_nanousd: int = 0
    sent_nanousd: int = 0

    @classmethod
    def of(cls, fates: Iterable["Fate"]) -> Self:
        """All of them together."""
        rows = [astuple(fate) for fate in fates]
        return cls(*map(sum, zip(*rows, strict=True))) if rows else cls()

    @property
    def sent(self) -> int:
        return self.sent_unchanged + self.sent_edited

    @property
    def undecided(self) -> int:
        """Those that are still to be written, or wait for a person."""
        return self.underway + self.waiting

    @property
    def decided(self) -> int:
        """Those that a person sent or discarded."""
        return self.sent + self.discarded

    @property
    def unfinished(self) -> int:
        return self.broken + self.failed + self.cancelled

    @property
    def over(self) -> int:
        """Those whose fate is known: nobody writes them, and they wait for nobody."""
        return self.decided + self.unfinished

    @property
    def wasted(self) -> int:
        return self.over - self.sent

    @property
    def used_share(self) -> float | None:
        """Of the decided ones."""
        return self.sent / self.decided if self.decided else None

    @property
    def edited_share(self) -> float | None:
        """How much of a draft was changed that was sent edited, on average: 0 to 1."""
        return self.edited_milli / 1000 / self.sent_edited if self.sent_edited else None

    @property
    def nanousd_per_sent(self) -> int | None:
        """What all of them cost, those that were not sent too, for each that was."""
        return round(self.cost_nanousd / self.sent) if self.sent else None

    @property
    def verdict(self) -> Verdict:
        """Whether drafting pays here, by how many of the decided ones are used."""
        if self.used_share is None or self.decided < DECIDED_AT_LEAST:
            return Verdict.TOO_EARLY
        return Verdict.PAYS if self.used_share >= PAYS_FROM_SHARE else Verdict.DOES_NOT


SUMMED = tuple(field.name for field in fields(Fate))


def fates(asked: Asked, *, by: str) -> dict[Any, Fate]:
    """The drafts that were asked for in the period, for each value of the cells' column `by`. One query.

    `starts_at` is the beginning of a UTC day.
    """
    period = asked.period
    cells = DraftCell.objects.filter(
        grain=Grain.DAY, starts_at__gte=period.starts_at, starts_at__lt=period.ends_before
    )
    if asked.team_id is not None:
        cells = cells.filter(team_id=asked.team_id)
    rows = cells.values(by).annotate(**{f"sum_{name}": Sum(name) for name in SUMMED})
    return {row[by]: _fate(row) for row in rows}


def _fate(row: Mapping[str, Any]) -> Fate:
    return Fate(*(int(row[f"sum_{name}"]) for name in SUMMED))
