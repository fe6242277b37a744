"""Ranges of UTC days in an address: `?since=2026-11-01&until=2026-11-21`."""

from datetime import UTC, date, datetime, timedelta

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from triage.selectors.periods import Period

SINCE, UNTIL = "since", "until"
PARAMETERS = [
    OpenApiParameter(SINCE, date, description="By default the first of that month."),
    OpenApiParameter(UNTIL, date, description="Counted too; by default today."),
]


def period(request: Request, *, days_at_most: int) -> Period:
    """By default this month so far.

    Raises:
        ValidationError: A day is none, they are in the wrong order, or too far apart.
    """
    today = datetime.now(UTC).date()
    last = _date(request, UNTIL, today)
    first = _date(request, SINCE, last.replace(day=1))
    if first > last:
        raise ValidationError({SINCE: ["Is after `until`."]})
    if last - first >= timedelta(days=days_at_most):
        raise ValidationError({SINCE: [f"The range is longer than {days_at_most} days."]})
    return Period(first, last)


def _date(request: Request, name: str, otherwise: date) -> date:
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ValidationError({name: ["Must be a date like 2026-11-21."]}) from None
    if not 2000 <= found.year < 3000:
        raise ValidationError({name: ["Is out of range."]})
    return found
