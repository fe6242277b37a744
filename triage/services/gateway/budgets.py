"""Budgets: whether one more attempt fits into every budget in its scope, with everything that is spent or held counted.

The attempt's own row is the hold: a trigger adds its bound to the spend of the installation, the feature and the user, per UTC
day and month, and thereby locks those rows. So `check`, called in the same transaction after the insert, sees all others'
holds and is alone: what does not fit is rolled back, and no number of processes can overrun a limit.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.backends.utils import CursorWrapper

from triage.exceptions import BudgetExceeded
from triage.models import Budget, Feature, Period, Scope
from triage.types import usd

# Of the installation's budgets, unless an admin has set another share: drafts are shed first, triage last.
DEFAULT_SHARES = {
    Feature.DRAFT: 80,
    Feature.EVALUATE: 85,
    Feature.BACKFILL: 90,
    Feature.ESCALATE: 95,
    Feature.CLASSIFY: 100,
}
HELD_RETRY_SECONDS = 10  # an attempt that is underway settles about then

STANDINGS = """
SELECT budget.scope, budget.key, budget.period, current.starts_on, budget.soft_nanousd,
       CASE WHEN budget.scope = 'installation'
            THEN budget.hard_nanousd * coalesce(shedding.share_percent, %s) / 100
            ELSE budget.hard_nanousd END,
       coalesce(spend.spent_nanousd, 0), coalesce(spend.held_nanousd, 0)
  FROM triage_budget AS budget
 CROSS JOIN LATERAL
       (SELECT date_trunc(budget.period, %s AT TIME ZONE 'UTC')::date AS starts_on) AS current
  LEFT JOIN triage_spend AS spend
    ON (spend.scope, spend.key, spend.period, spend.starts_on)
     = (budget.scope, budget.key, budget.period, current.starts_on)
  LEFT JOIN triage_shedding AS shedding ON shedding.feature = %s
"""


class HeldByOthers(Exception):
    """The attempt fits into what is spent, but not beside what others hold just now."""

    def __init__(self, standing: "Standing") -> None:
        super().__init__(standing.name)
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Standing:
    """One budget in one window, in nano-dollars. `hard` is this feature's share of it where it is the installation's."""

    scope: Scope
    key: str
    period: Period
    starts_on: date
    soft_nanousd: int | None
    hard_nanousd: int | None
    spent_nanousd: int
    held_nanousd: int

    @property
    def name(self) -> str:
        """For people: "the budget of draft for this day"."""
        return name_of(self.scope, self.key, self.period)

    @property
    def resets_at(self) -> datetime:
        """When the window ends, UTC."""
        return window_end(self.period, self.starts_on)

    @property
    def used_nanousd(self) -> int:
        return self.spent_nanousd + self.held_nanousd

    @property
    def is_above_soft(self) -> bool:
        return self.soft_nanousd is not None and self.used_nanousd > self.soft_nanousd


def name_of(scope: str, key: str, period: str) -> str:
    whose = {Scope.INSTALLATION.value: "the installation", Scope.USER.value: f"user {key}"}
    return f"the budget of {whose.get(scope, key)} for this {period}"


def find_id(name: str) -> int | None:
    """The id of the budget with this name."""
    rows = Budget.objects.values_list("pk", "scope", "key", "period")
    return next((pk for pk, *which in rows if name_of(*which) == name), None)


def check(
    cursor: CursorWrapper, *, feature: Feature, by_id: int, at: datetime, bound_nanousd: int
) -> list[Standing]:
    """The budgets that what this transaction just inserted, opened `at`, counts in; all have room for it.

    Raises:
        BudgetExceeded: What is spent leaves no room. The caller rolls back.
        HeldByOthers: There will be room if others' holds settle below their bounds. The caller rolls back.
    """
    standings = read(cursor, feature=feature, by_id=by_id, at=at)
    for standing in standings:
        hard = standing.hard_nanousd
        if hard is not None and standing.spent_nanousd + bound_nanousd > hard:
            raise exceeded(standing, bound_nanousd=bound_nanousd)
    for standing in standings:
        if standing.hard_nanousd is not None and standing.used_nanousd > standing.hard_nanousd:
            raise HeldByOthers(standing)
    return standings


def read(cursor: CursorWrapper, *, feature: Feature, by_id: int, at: datetime) -> list[Standing]:
    """Where every budget stands that an attempt of `feature` by this user, opened `at`, counts in."""
    cursor.execute(
        f"""
        {STANDINGS}
         WHERE budget.scope = 'installation'
            OR (budget.scope = 'feature' AND budget.key = %s)
            OR (budget.scope = 'user' AND budget.key = %s)
        """,
        [DEFAULT_SHARES[feature], at, feature, feature, str(by_id)],
    )
    return [_standing(row) for row in cursor.fetchall()]


def read_all(cursor: CursorWrapper) -> list[Standing]:
    """Where every budget stands now, the installation's as a whole."""
    cursor.execute(STANDINGS, [100, datetime.now(UTC), ""])
    return [_standing(row) for row in cursor.fetchall()]


def _standing(row: tuple[Any, ...]) -> Standing:
    return Standing(Scope(row[0]), row[1], Period(row[2]), *row[3:])


def window_end(period: Period, starts_on: date) -> datetime:
    """When the day or month that starts then is over, UTC."""
    days = 1 if period == Period.DAY else 32 - starts_on.day
    after = starts_on + timedelta(days=days)
    return datetime.combine(after if period == Period.DAY else after.replace(day=1), time.min, UTC)


def exceeded(
    standing: Standing, *, bound_nanousd: int, retry_after_seconds: int | None = None
) -> BudgetExceeded:
    """The refusal: which limit, how much of it is used, when it starts anew."""
    hard = standing.hard_nanousd or 0
    until_reset = int((standing.resets_at - datetime.now(UTC)).total_seconds()) + 1
    return BudgetExceeded(
        f"{standing.name.capitalize()} is used up: ${usd(standing.used_nanousd - bound_nanousd):.4f} of "
        f"${usd(hard):.4f} are spent or held, and this needs up to ${usd(bound_nanousd):.4f}. "
        f"It starts anew at {standing.resets_at:%Y-%m-%d %H:%M} UTC.",
        limit=standing.name,
        allowed=f"${usd(hard):.4f}",
        used=f"${usd(standing.used_nanousd - bound_nanousd):.4f}",
        resets_at=standing.resets_at,
        retry_after_seconds=max(1, retry_after_seconds or until_reset),
    )
