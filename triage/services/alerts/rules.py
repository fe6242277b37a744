"""The rules that watch figures: what each watches, in which unit, and when it is over. Admins may set limits of their own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from triage.models import AlertKind
from triage.services.alerts import readings
from triage.services.alerts.readings import Reading

BACK = 0.9  # of a limit: below it what was over is past


class Unit(StrEnum):
    """What a rule's limit and values are in."""

    DOLLARS = "dollars"
    PERCENT = "percent"
    POINTS = "percentage points"
    SECONDS = "seconds"
    MINUTES = "minutes"
    REQUESTS = "requests"


Read = Callable[[datetime, float | None], Iterable[Reading]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of alert on figures. `read` takes the moment, and the limit where an admin has set one.

    `usual` says in words when it opens by default. A value below the limit is bad where it `is_floor`. Where it `ends_quietly`,
    an hour without anything to read ends the alert; else a day does. What `reads_cells` is not judged by cells that are old.
    """

    kind: AlertKind
    watches: str
    usual: str
    unit: Unit
    read: Read
    is_floor: bool = False
    ends_quietly: bool = False
    reads_cells: bool = True

    def is_past(self, reading: Reading) -> bool:
        """Whether the value has gone back far enough for an open alert to be over; one on the brink stays open."""
        if reading.value is None or reading.limit is None:
            return False
        if self.is_floor:
            return 100 - reading.value <= BACK * (100 - reading.limit)
        return reading.value <= BACK * reading.limit


RULES: Mapping[AlertKind, Rule] = {
    rule.kind: rule
    for rule in (
        Rule(
            AlertKind.COST_DAY,
            "What a UTC day costs.",
            "1.5 times the mean of the seven days before, and at least $1",
            Unit.DOLLARS,
            readings.cost_day,
        ),
        Rule(
            AlertKind.COST_FORECAST,
            "What the month will cost if the rest of it goes like the days so far.",
            "the installation's month budget; without one there is no alert",
            Unit.DOLLARS,
            readings.cost_forecast,
        ),
        Rule(
            AlertKind.ERROR_RATE,
            "Requests to Claude of the last hour that failed, of 100 or more.",
            "1 %",
            Unit.PERCENT,
            readings.error_rate,
        ),
        Rule(
            AlertKind.ANSWERS_CUT,
            "Answers of the last hour that were cut off at their length limit, three or more.",
            "1 %",
            Unit.PERCENT,
            readings.answers_cut,
        ),
        Rule(
            AlertKind.SLOW,
            "What 95 % of a feature's requests of the last hour stayed below, of 20 or more.",
            "10 seconds",
            Unit.SECONDS,
            readings.slow,
            ends_quietly=True,
        ),
        Rule(
            AlertKind.CACHE_MISSES,
            "Input tokens of the last hour read from the prompt cache, by model, of 50 or more requests.",
            "below 50 %",
            Unit.PERCENT,
            readings.cache_misses,
            is_floor=True,
        ),
        Rule(
            AlertKind.QUEUE_AGE,
            "How long the oldest due triage has waited.",
            "10 minutes",
            Unit.MINUTES,
            readings.queue_age,
            ends_quietly=True,
            reads_cells=False,
        ),
        Rule(
            AlertKind.CORRECTIONS_DRIFT,
            "How much more often people find labels wrong in the last seven days than in the four weeks before, where 50 or"
            " more were judged in each and chance explains it in less than one case of a hundred.",
            "5 percentage points",
            Unit.POINTS,
            readings.corrections_drift,
        ),
        Rule(
            AlertKind.LEDGER_UNSURE,
            "Requests older than an hour whose cost nobody knows.",
            "any",
            Unit.REQUESTS,
            readings.ledger_unsure,
            reads_cells=False,
        ),
        Rule(
            AlertKind.AUDIT_DRIFT,
            "Audited automatic answers that were wrong, since the watch on the promise began. After an alarm, of all of them or"
            " of a group of labels, it stays over for a week; a limit of one's own speaks of all, from 50 audits on.",
            "more than promised on the automation page, where chance explains it in at most one case of a hundred",
            Unit.PERCENT,
            readings.audit_drift,
            reads_cells=False,
        ),
        Rule(
            AlertKind.ROLLUPS_OLD,
            "How old the figures of the admin pages are.",
            "10 minutes",
            Unit.MINUTES,
            readings.rollups_old,
            reads_cells=False,
        ),
    )
}
