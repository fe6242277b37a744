"""Summing hours anew: the old cells go, the new ones come, in the caller's transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet

from triage.models import Grain, LatencyCell, Noted, Tally, TicketDay
from triage.services.rollups import days, ledger, outcomes

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

HOURLY: Mapping[Noted, tuple[str, ...]] = {
    # Why the cache was missed is asked of the prompts' tallies, which come with the calls.
    Noted.LEDGER: (ledger.CALLS, ledger.ATTEMPTS),
    Noted.RUNS: (outcomes.RUNS,),
    Noted.DRAFTS: (outcomes.DRAFTS,),
    Noted.TICKETS: (outcomes.TICKETS,),
}


@transaction.atomic
def sum_hours(noted: Noted, hours: Iterable[datetime]) -> None:
    """The cells of `noted` for these hours, and for the days they are in."""
    starts = sorted(set(hours))
    if not starts:
        return
    whole_days = sorted({day_of(hour) for hour in starts})
    _clear(noted, Grain.HOUR, starts)
    _clear(noted, Grain.DAY, whole_days)
    given: dict[str, Any] = {"days": whole_days, "subjects": list(days.TALLIED[noted])}
    with connection.cursor() as cursor:
        for since, until in _stretches(starts):
            for statement in HOURLY[noted]:
                cursor.execute(statement, {"since": since, "until": until})
        for statement in days.sums_of(noted):
            cursor.execute(statement, given)


@transaction.atomic
def sum_tickets(pairs: Iterable[tuple[date, int]]) -> None:
    """What each of these tickets cost on its day."""
    asked = sorted(set(pairs))
    if not asked:
        return
    gone = Q()
    for day in {day for day, _ in asked}:
        gone |= Q(day=day, ticket_id__in=[ticket for on, ticket in asked if on == day])
    TicketDay.objects.filter(gone).delete()
    given: dict[str, Any] = {
        "days": [day for day, _ in asked],
        "tickets": [str(ticket) for _, ticket in asked],
    }
    with connection.cursor() as cursor:
        cursor.execute(ledger.SOME_TICKET_DAYS, given)


@transaction.atomic
def sum_dearest(day: date) -> None:
    """The dearest tickets of a whole day."""
    starts_at = datetime.combine(day, time.min, UTC)
    given: dict[str, Any] = {
        "day": day,
        "starts_at": starts_at,
        "ends_at": starts_at + DAY,
        "at_most": TicketDay.TICKETS_A_DAY,
    }
    TicketDay.objects.filter(day=day).delete()
    with connection.cursor() as cursor:
        cursor.execute(ledger.DEAREST_OF_DAY, given)


def day_of(hour: datetime) -> datetime:
    """The beginning of its UTC day."""
    return hour.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _stretches(starts: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Hours that follow each other without a gap, together, but never more than a day: (since, until)."""
    since = until = starts[0]
    for hour in starts:
        if hour != until or until - since >= DAY:
            yield since, until
            since = hour
        until = hour + HOUR
    yield since, until


def _clear(noted: Noted, grain: Grain, starts: Sequence[datetime]) -> None:
    tables: list[type[Model]] = [*days.SUMMED[noted]]
    if noted is Noted.LEDGER:
        tables.append(LatencyCell)
    for model in tables:
        _of(model, grain, starts).delete()
    _of(Tally, grain, starts).filter(subject__in=days.TALLIED[noted]).delete()


def _of(model: type[Model], grain: Grain, starts: Sequence[datetime]) -> Any:
    return QuerySet(model).filter(grain=grain, starts_at__in=starts)
