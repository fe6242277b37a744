"""What a simulated history plays on: its days, its people, its labels, and what changes in its middle. Plain values, so that
they can be handed to other processes. Times within are seconds since the midnight (UTC) it begins with.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from triage.services.classification.rule import Thresholds
from triage.services.taxonomy import LabelSnapshot

DAY_SECONDS = 86_400
SETTLED_SECONDS = 180.0  # before the end nothing begins any more, so that all has an end


@dataclass(frozen=True, slots=True)
class SeedLabel:
    """One label as the tickets of the history use it. `words` are what its tickets say, ready for COPY."""

    id: int
    team_id: int | None
    snapshot: LabelSnapshot
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who asks, and what for. Agents by id."""

    system_id: int
    admin_id: int
    agents: tuple[int, ...]
    labels: tuple[SeedLabel, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """What the prompts and thresholds were for a time. `prefix_tokens` is what all calls that sort share."""

    sorting: str
    drafting: str
    taxonomy_id: int
    prefix_tokens: int
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Scene:
    """One history. Until `changes_at` the first chapter holds, then the second; in `outage` the first model is overloaded."""

    seed: str
    first_day: date
    days: int
    ends_at: float
    changes_at: float
    outage: tuple[float, float]
    chapters: tuple[Chapter, Chapter]
    cast: Cast
    has_sides: bool

    def chapter_at(self, seconds: float) -> int:
        return int(seconds >= self.changes_at)

    def is_outage(self, seconds: float) -> bool:
        return self.outage[0] <= seconds < self.outage[1]

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.first_day, time.min, UTC)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a history of so many days that ends `now` begins, breaks and changes."""

    first_day: date
    days: int
    ends_at: float

    @property
    def changes_at(self) -> float:
        """A prompt is published on the morning in the middle."""
        return (self.days // 2) * DAY_SECONDS + 9.5 * 3600

    @property
    def outage(self) -> tuple[float, float]:
        """An afternoon on a working day, at two fifths."""
        number = self.days * 2 // 5
        while number and (self.first_day + timedelta(days=number)).weekday() >= 5:
            number -= 1
        start = number * DAY_SECONDS + 13.2 * 3600
        return start, start + 3.4 * 3600


def calendar(now: datetime, days: int) -> Calendar:
    """The last `days` UTC days, today among them as far as it has come."""
    first_day = now.date() - timedelta(days=days - 1)
    begin = datetime.combine(first_day, time.min, UTC)
    ends_at = max(1.0, (now - begin).total_seconds() - SETTLED_SECONDS)
    return Calendar(first_day, days, ends_at)
