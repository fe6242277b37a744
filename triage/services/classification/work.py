"""Which ticket is triaged when, and by whom: claims, the sweep, and the count of what is left.

The database is the queue; Celery's messages are only hints. A claim is a lease on the database's clock, so a killed worker's
ticket is anybody's once it ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F
from django.utils import timezone

from triage.models import State, Ticket, Triage
from triage.queue import TaskName, enqueue
from triage.services import gateway

SWEEP_LIMIT = 2_000
ENQUEUE_BATCH = 500  # small, so that the workers begin while the rest is being sent


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that is ours until its lease ends; `claims` proves it. `cost_nanousd` is what earlier tries cost."""

    triage_id: int
    claims: int
    is_rerun: bool
    cost_nanousd: int
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Progress:
    """How many runs stand in which state. `waiting` includes those that are running or in a batch."""

    waiting: int
    done: int
    skipped: int
    failed: int

    @property
    def finished(self) -> int:
        return self.done + self.skipped + self.failed


def claim(triage_id: int) -> Claimed | None:
    """Take this run, if it is due and nobody else has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE triage_triage
               SET state = 'running', claims = claims + 1,
                   lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE id = %s
               AND ((state IN ('queued', 'skipped') AND due_at <= clock_timestamp())
                    OR (state IN ('running', 'batched') AND lease_until < clock_timestamp()))
            RETURNING claims, is_rerun, cost_nanousd, ticket_id
            """,
            [settings.TRIAGE_CLAIM_SECONDS, triage_id],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    claims, is_rerun, cost_nanousd, ticket_id = row
    ticket = Ticket.objects.defer("search", "custom_fields").get(pk=ticket_id)
    return Claimed(triage_id, claims, is_rerun, cost_nanousd, ticket)


def sweep() -> int:
    """Find what waits and send it to the workers; settle attempts whose owner is gone. Returns how many were sent."""
    gateway.tend()
    grace = timedelta(seconds=settings.TRIAGE_SWEEP_GRACE_SECONDS)
    return _enqueue_due(SWEEP_LIMIT, sent_before=database_now() - grace)


def enqueue_waiting(limit: int | None = None) -> Iterator[int]:
    """Send all that waits to the workers now, at most `limit`, a batch at a time. Yields how many each batch sent."""
    started = database_now()
    left = limit
    while left is None or left > 0:
        batch = ENQUEUE_BATCH if left is None else min(ENQUEUE_BATCH, left)
        sent = _enqueue_due(batch, sent_before=started)
        if sent:
            yield sent
        if sent < batch:
            return
        left = None if left is None else left - sent


def request_rerun(ticket_id: int) -> Triage:
    """Triage a ticket anew, without any stored reply. Costs money once a worker takes it.

    While a run waits or is underway there is nothing to ask for: that run is given back, and nothing is paid twice.
    """
    with transaction.atomic():
        ticket = (
            Ticket.objects.select_for_update(of=("self",))
            .select_related("triage")
            .get(pk=ticket_id)
        )
        if ticket.triage and ticket.triage.state in (State.QUEUED, State.RUNNING):
            return ticket.triage
        run = Triage.objects.create(ticket=ticket, is_rerun=True)
        Ticket.objects.filter(pk=ticket_id).update(
            triage=run, is_skipped=False, version=F("version") + 1, updated_at=timezone.now()
        )
        enqueue(TaskName.TRIAGE_TICKET, run.pk)
    return run


def progress() -> Progress:
    """Counts over all tickets' newest runs."""
    counts = dict(Triage.objects.order_by().values_list("state").annotate(Count("id")))
    return Progress(
        waiting=sum(counts.get(state, 0) for state in (State.QUEUED, State.RUNNING, State.BATCHED)),
        done=counts.get(State.DONE, 0),
        skipped=counts.get(State.SKIPPED, 0),
        failed=counts.get(State.FAILED, 0),
    )


def database_now() -> datetime:
    """The clock that leases and due times go by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _enqueue_due(limit: int, *, sent_before: datetime) -> int:
    """Mark and send up to `limit` due runs that were not sent since `sent_before`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE triage_triage SET enqueued_at = clock_timestamp()
             WHERE id IN (
                SELECT id FROM triage_triage
                 WHERE ((state IN ('queued', 'skipped') AND due_at <= clock_timestamp())
                        OR (state IN ('running', 'batched') AND lease_until < clock_timestamp()))
                   AND (enqueued_at IS NULL OR enqueued_at <= %s)
                 ORDER BY due_at, id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [sent_before, limit],
        )
        found = [row[0] for row in cursor.fetchall()]
        for triage_id in found:
            enqueue(TaskName.TRIAGE_TICKET, triage_id)
    return len(found)
