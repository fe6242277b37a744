"""What calls cost, in the groups that are asked for. One query; it reads the attempts of the range.

Cost is the sum of `Attempt.cost_nanousd` by the UTC day the attempt was opened; one that is open or unknown counts with its
upper bound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import Count, F, Q, Sum, TextChoices
from django.db.models.functions import TruncDate

from accounts.models import User
from triage.models import Attempt
from triage.selectors.periods import Period
from triage.types import TOKEN_FIELDS, Usage


class Group(TextChoices):
    FEATURE = "feature", "Feature"
    MODEL = "model", "Model"
    DAY = "day", "UTC day"
    USER = "user", "User"


COLUMNS: dict[Group, Any] = {
    Group.FEATURE: F("call__feature"),
    Group.MODEL: F("model"),
    Group.DAY: TruncDate("opened_at", tzinfo=UTC),
    Group.USER: F("call__by__email"),
}


@dataclass(frozen=True, slots=True)
class GroupUsage:
    """One group: its values in the order asked for, and its sums. `errors` are attempts that failed."""

    values: tuple[Any, ...]
    calls: int
    attempts: int
    errors: int
    usage: Usage
    cost_nanousd: int


def grouped(
    groups: Sequence[Group], *, period: Period, by: User | None = None
) -> Iterator[GroupUsage]:
    """The groups in their order; of `by` alone where given."""
    asked = Q(opened_at__gte=period.starts_at, opened_at__lt=period.ends_before)
    if by:
        asked &= Q(call__by=by)
    names = [f"group_{group}" for group in groups]
    sums = {f"sum_{name}": Sum(name) for name in TOKEN_FIELDS}
    rows = (
        Attempt.objects.filter(asked)
        .annotate(**{f"group_{group}": COLUMNS[group] for group in groups})
        .values(*names)
        .annotate(
            calls=Count("call_id", distinct=True),
            attempts=Count("id"),
            errors=Count("id", filter=~Q(error="")),
            cost=Sum("cost_nanousd"),
            **sums,
        )
        .order_by(*names)
    )
    for row in rows:
        yield GroupUsage(
            values=tuple(row[name] for name in names),
            calls=row["calls"],
            attempts=row["attempts"],
            errors=row["errors"],
            usage=Usage(*(row[name] for name in sums)),
            cost_nanousd=row["cost"],
        )
