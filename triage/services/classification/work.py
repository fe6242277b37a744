"""Which ticket is triaged when, and by whom: claims, the sweep, and the count of what is left.

The database is the queue; Celery's messages are only hints. A claim is a lease on the database's clock, so a killed worker's
ticket is anybody's once it ends.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F
from django.utils import timezone

from triage.models import State, Ticket, Triage
from triage.queue import TaskName, enqueue
from triage.services import gateway

SWEEP_LIMIT = 2_000


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
    """How many runs stand in which state. `waiting` includes those that are running."""

    waiting: int
    done: int
    skipped: int
    failed: int


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
                    OR (state = 'running' AND lease_until < clock_timestamp()))
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
    gateway.expire_attempts()
    return _enqueue_due(SWEEP_LIMIT, grace_seconds=settings.TRIAGE_SWEEP_GRACE_SECONDS)


def enqueue_waiting(limit: int | None = None) -> int:
    """Send all that waits to the workers now, at most `limit`. Returns how many were sent."""
    return _enqueue_due(limit, grace_seconds=0)


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
            triage=run, version=F("version") + 1, updated_at=timezone.now()
        )
        enqueue(TaskName.TRIAGE_TICKET, run.pk)
    return run


def progress() -> Progress:
    """Counts over all tickets' newest runs."""
    counts = dict(Triage.objects.order_by().values_list("state").annotate(Count("id")))
    return Progress(
        waiting=counts.get(State.QUEUED, 0) + counts.get(State.RUNNING, 0),
        done=counts.get(State.DONE, 0),
        skipped=counts.get(State.SKIPPED, 0),
        failed=counts.get(State.FAILED, 0),
    )


def _enqueue_due(limit: int | None, *, grace_seconds: float) -> int:
    """Mark and send up to `limit` due runs that were not sent within the last `grace_seconds`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE triage_triage SET enqueued_at = clock_timestamp()
             WHERE id IN (
                SELECT id FROM triage_triage
                 WHERE ((state IN ('queued', 'skipped') AND due_at <= clock_timestamp())
                        OR (state = 'running' AND lease_until < clock_timestamp()))
                   AND (enqueued_at IS NULL
                        OR enqueued_at <= clock_timestamp() - %s * interval '1 second')
                 ORDER BY due_at, id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [grace_seconds, limit],
        )
        found = [row[0] for row in cursor.fetchall()]
        for triage_id in found:
            enqueue(TaskName.TRIAGE_TICKET, triage_id)
    return len(found)
