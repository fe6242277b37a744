"""How the promise stands by the audits: what was seen, what is proven, and what the watches are worth, in words.

For all automatic answers together and for each group of labels. The bounds hold at one look; only the watches may be looked at
after every audit.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q
from django.utils import timezone

from triage.models import Audit, Automation, LocalModel
from triage.services.evaluation.learning import drifting
from triage.services.evaluation.learning.certifying import Group
from triage.services.statistics.drift import ALARM_D, ALL, Watch
from triage.services.statistics.intervals import lower_error, upper_error

LOOKED_AT = timedelta(weeks=13)
NOTHING = (
    "No automatic answer has been audited in the last 13 weeks: nothing is known of their errors."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Audits of automatic answers, judged in the last 13 weeks, against the promise in force."""

    audited: int
    wrong: int
    target: float
    d: float

    @property
    def upper(self) -> float:
        """The share that is wrong is at most this, but for a chance of `d`."""
        return upper_error(self.wrong, self.audited, self.d)

    @property
    def is_proven(self) -> bool:
        return bool(self.audited) and self.upper <= self.target

    @property
    def is_broken(self) -> bool:
        """More are wrong than promised, but for a chance of `d`."""
        return bool(self.audited) and lower_error(self.wrong, self.audited, self.d) > self.target

    @property
    def verdict(self) -> str:
        if self.is_proven:
            return "proven"
        return "broken" if self.is_broken else "not yet proven"

    @property
    def words(self) -> str:
        if not self.audited:
            return NOTHING
        return (
            f"Error among automatic answers {100 * self.wrong / self.audited:.1f} %, audited {self.audited:,}, upper bound"
            f" {100 * self.upper:.2f} %, target {100 * self.target:g} %: {self.verdict}."
        )


@dataclass(frozen=True, slots=True)
class Watched:
    """All automatic answers, or those with labels of one group: how they stand, and the bet against the promise on them."""

    name: str
    standing: Standing
    watch: Watch


def standings(row: Automation, champion: LocalModel | None) -> tuple[Watched, ...]:
    """All together first; then each group, if there is a champion to say what is in it. One query.

    The verdict on all holds but for a chance of `row.d`. The groups share that evenly, being several looks: their verdicts hold
    at once but for a chance of `row.d`.
    """
    audited, wrong = _counts(champion)
    watches = drifting.watches_of(row).by_name
    names = drifting.NAMES if champion else (ALL,)
    return tuple(
        Watched(
            name, Standing(audited[name], wrong[name], row.target, d_of(name, row)), watches[name]
        )
        for name in names
    )


def d_of(name: str, row: Automation) -> float:
    """The chance that a verdict on these answers may be wrong."""
    return row.d if name == ALL else row.d / len(Group)


def watch_in_words(row: Automation) -> str:
    """What the bets against the promise are, and what their alarms are worth."""
    watches = drifting.watches_of(row).by_name
    return (
        f"The watch bets that more than {100 * row.target:g} % are wrong: one bet is on all answers, one on those of each group"
        " of labels. A bet gains by every wrong answer and loses a little by every right one. Once it is worth"
        f" {1 / watches[ALL].d:,.0f} times its stake it raises the alarm; while the promise holds, the chance that any of the"
        f" {len(watches)} ever does is at most {100 * ALARM_D:g} %."
    )


def alarm_in_words(row: Automation) -> str:
    """The last alarm and what it did, for the week that it holds; else ""."""
    if not drifting.is_alarmed(row) or row.alarmed_at is None:
        return ""
    words = f"The audits raised an alarm on {row.alarmed_at:%-d %B %Y at %H:%M} UTC, and are doubled for a week."
    return f"{words} {row.watch.get('alarm', '')}".strip()


def _counts(champion: LocalModel | None) -> tuple[Counter[str], Counter[str]]:
    """How many were audited, and how many of them were wrong: of all and of each group."""
    judged = Audit.objects.filter(judged_at__gt=timezone.now() - LOOKED_AT)
    by_label = judged.values_list("label").annotate(
        audited=Count("pk"), wrong=Count("pk", filter=~Q(truth=F("label")))
    )
    audited, wrong = Counter[str](), Counter[str]()
    for label, number, mistaken in by_label.order_by():
        for name in filter(None, (ALL, drifting.group_of(label, champion))):
            audited[name] += number
            wrong[name] += mistaken
    return audited, wrong
