"""How the promise stands by the audits: what was seen, what is proven, and what the watch is worth, in words."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q
from django.utils import timezone

from triage.models import Audit, Automation
from triage.services.evaluation.learning import drifting
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


def standing(row: Automation) -> Standing:
    """One query."""
    judged = Audit.objects.filter(judged_at__gt=timezone.now() - LOOKED_AT)
    wrong = Count("pk", filter=~Q(truth=F("label")))
    counts = judged.aggregate(audited=Count("pk"), wrong=wrong)
    return Standing(counts["audited"], counts["wrong"], row.target, row.d)


def watch_in_words(row: Automation) -> str:
    """What the bet against the promise is worth, and what it would take."""
    watching = drifting.watch_of(row)
    worth = (
        f"A bet that more than {100 * row.target:g} % are wrong is worth {watching.wealth:,.2f} times its stake after"
        f" {watching.audited:,} audits; at {1 / watching.d:,.0f} times there is an alarm, by chance in at most one case of a"
        " hundred."
    )
    if not drifting.is_alarmed(row) or row.alarmed_at is None:
        return worth
    return f"The audits raised an alarm on {row.alarmed_at:%-d %B %Y at %H:%M} UTC, and are doubled for a week. {worth}"
