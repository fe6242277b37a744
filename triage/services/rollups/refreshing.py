"""refresh(): bring the cells up to date with what was noted. rebuild(): sum everything anew."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import monotonic

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from triage.models import (
    Attempt,
    Call,
    Draft,
    Noted,
    RollupNote,
    RollupState,
    State,
    Ticket,
    Triage,
)
from triage.services.rollups.keeping import trim_tickets
from triage.services.rollups.summing import HOUR, day_of, sum_dearest, sum_hours, sum_tickets

SLICE_HOURS = 24
TASK_SECONDS = 25.0  # the next one comes half a minute after
LOCK = 0x7269_6D75  # of PostgreSQL's advisory locks: one refresh at a time

Tell = Callable[[date], None]


def roll_up() -> None:
    """`refresh`, for as long as one task may take."""
    refresh(within_seconds=TASK_SECONDS)


def refresh(*, within_seconds: float | None = None) -> bool:
    """Sum the hours anew that have changed since the last time, the oldest first.

    Whether all is summed: False where the time was over, or another process is at it.

    Args:
        within_seconds: No slice is begun after that; by default all is done, however long it takes.
    """
    ends = None if within_seconds is None else monotonic() + within_seconds
    while has_more := _refresh_slice():
        if ends is not None and monotonic() > ends:
            return False
    trim_tickets()
    return has_more is not None


def rebuild(first_hour: datetime | None = None, *, tell: Tell = lambda _day: None) -> None:
    """Sum all hours anew, or those from `first_hour`'s day on, a day a transaction. What was pruned stays as it is.

    Args:
        tell: Called with each day that is done.
    """
    span = _span()
    if span is None:
        return
    start, end = span
    day = day_of(max(start, first_hour) if first_hour else start)
    while day <= end:
        _rebuild_day(day)
        tell(day.date())
        day += timedelta(days=1)
    refresh()


@transaction.atomic
def _refresh_slice() -> bool | None:
    """A slice of the noted hours. Whether there were any; None where another process is at it."""
    if not _lock():
        return None
    state, _ = RollupState.objects.get_or_create(id=1)
    now = timezone.now()
    hours = list(
        RollupNote.objects.order_by("starts_at")
        .values_list("starts_at", flat=True)
        .distinct()[:SLICE_HOURS]
    )
    if hours:
        _sum(_take_notes(hours), state)
    RollupState.objects.update(refreshed_at=now)
    return bool(hours)


def _take_notes(hours: list[datetime]) -> list[RollupNote]:
    """The notes of these hours, which are gone then: what changes after this statement is noted anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM triage_rollupnote WHERE starts_at = ANY(%s) RETURNING id, subject, starts_at, ticket_id",
            [hours],
        )
        return [RollupNote(*row) for row in cursor.fetchall()]


def _sum(notes: list[RollupNote], state: RollupState) -> None:
    kept = [note for note in notes if _is_kept(note, state)]
    for noted in Noted:
        hours = {note.starts_at for note in kept if note.subject == noted}
        if noted is Noted.LEDGER:
            # Why the cache was missed in an hour depends on the hour before.
            now = timezone.now()
            hours |= {hour + HOUR for hour in hours if hour + HOUR <= now}
        sum_hours(noted, hours)
    sum_tickets(
        (note.starts_at.astimezone(UTC).date(), note.ticket_id)
        for note in kept
        if note.ticket_id is not None
    )


def _is_kept(note: RollupNote, state: RollupState) -> bool:
    """Whether the rows that the note is about are all there still."""
    since = state.ledger_from
    return note.subject != Noted.LEDGER or since is None or note.starts_at >= since


@transaction.atomic
def _rebuild_day(day: datetime) -> None:
    _lock(wait=True)
    state, _ = RollupState.objects.get_or_create(id=1)
    hours = [day + HOUR * number for number in range(24)]
    RollupNote.objects.filter(starts_at__in=hours).delete()
    for noted in Noted:
        sum_hours(noted, hours if noted is not Noted.LEDGER else _kept_hours(hours, state))
    if state.ledger_from is None or day >= state.ledger_from:
        sum_dearest(day.date())


def _kept_hours(hours: list[datetime], state: RollupState) -> list[datetime]:
    return [hour for hour in hours if state.ledger_from is None or hour >= state.ledger_from]


def _lock(*, wait: bool = False) -> bool:
    """Until the transaction ends."""
    how = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {how}(%s)", [LOCK])
        return cursor.fetchone()[0] is not False


def _span() -> tuple[datetime, datetime] | None:
    """From the first to the last moment that anything is summed of; None where there is nothing. By indexes."""
    found = [
        *Attempt.objects.aggregate(Min("opened_at"), Max("opened_at")).values(),
        *Call.objects.aggregate(Min("created_at"), Max("created_at")).values(),
        *Triage.objects.filter(state=State.DONE)
        .aggregate(Min("finished_at"), Max("finished_at"))
        .values(),
        *Draft.objects.aggregate(Min("created_at"), Max("created_at")).values(),
        *Ticket.objects.aggregate(Min("created_at"), Max("created_at")).values(),
        *Ticket.objects.filter(solved_at__isnull=False)
        .aggregate(Min("solved_at"), Max("solved_at"))
        .values(),
    ]
    moments = [moment for moment in found if moment is not None]
    return (min(moments), max(moments)) if moments else None
