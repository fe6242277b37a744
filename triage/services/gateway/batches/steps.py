"""What a batch needs next, done: handed in, sought, polled or collected. One worker at a time holds its lease.

Limit: a process that is frozen for over half a minute just before its request leaves may hand in what another one has handed
in meanwhile; the provider has nothing that would prevent it.
"""

import json
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone

from triage.exceptions import AttemptFailed, ModelGone, NotReached, RequestRejected, UpstreamBroken
from triage.models import AlertKind, Attempt, Batch, BatchLine, BatchState
from triage.services.gateway import alarms, client
from triage.services.gateway.batches import claims
from triage.services.gateway.batches.collecting import CANCELED, collect, give_up
from triage.services.gateway.batches.preparing import LEASE_SECONDS
from triage.services.gateway.client import BatchStatus
from triage.services.gateway.fleet import Change
from triage.services.gateway.journal import durable, read_now

log = structlog.get_logger(__name__)

STEP_SECONDS = 120.0  # the lease of a step; above the time that any one takes
CREATE_SECONDS = 60.0
APPEARS_WITHIN = timedelta(seconds=90)  # a lost creation would be in the provider's list by then
CLOCKS_DIFFER = timedelta(seconds=60)
GIVEN_UP_AFTER = timedelta(hours=1)  # past a batch's expiry, when the provider denies its results
ENDED = (BatchState.COLLECTED, BatchState.FAILED)
CLAIMS_LOST = "It could not be handed in while its claims lasted."
WITHDRAWN = "It was cancelled before it was handed in."


class _ClaimsLost(Exception):
    """Others may be asking some of the lines by now."""


def find_underway() -> list[int]:
    """The ids of the batches that are not over, oldest first."""
    rows = Batch.objects.exclude(state__in=ENDED).order_by("created_at", "pk")
    return list(rows.values_list("pk", flat=True))


def advance(batch_id: int) -> Batch | None:
    """Take the batch's next step, if nobody else is at it; the batch as it then is.

    Raises:
        AttemptFailed: The provider could not be asked; the batch stays as it was and the step can be taken again.
    """
    batch = _claim(batch_id)
    if batch is None:
        return None
    lease_until = batch.lease_until
    try:
        if batch.state == BatchState.READY:
            _hand_in(batch)
        elif batch.state in (BatchState.SUBMITTING, BatchState.LOST):
            _seek(batch)
        elif batch.state == BatchState.SUBMITTED:
            _look(batch)
    finally:
        _release(batch, lease_until)
    return batch


def _claim(batch_id: int) -> Batch | None:
    with durable() as cursor:
        now = read_now(cursor)
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        mine = Batch.objects.filter(free, pk=batch_id).exclude(state__in=ENDED)
        if not mine.update(lease_until=now + timedelta(seconds=STEP_SECONDS)):
            return None
        return Batch.objects.get(pk=batch_id)


def _release(batch: Batch, lease_until: datetime | None) -> None:
    """Let others step, unless they do already because our lease had ended."""
    with durable():
        Batch.objects.filter(pk=batch.pk, lease_until=lease_until).update(lease_until=None)
    batch.lease_until = None


def _save(batch: Batch, **values: object) -> None:
    """Change the row, committed at once."""
    for name, value in values.items():
        setattr(batch, name, value)
    with durable():
        Batch.objects.filter(pk=batch.pk).update(**values)


def _hand_in(batch: Batch) -> None:
    """Create it at the provider. What may have arrived without an answer is `lost`, never sent again at once."""
    lines = _lines_of(batch)
    if not lines:
        give_up(batch, WITHDRAWN, code=CANCELED)
        return
    try:
        _set_out(batch)
    except _ClaimsLost:
        give_up(batch, CLAIMS_LOST, code=NotReached.code)
        return
    try:
        status = client.create_batch(lines, seconds=CREATE_SECONDS)
    except AttemptFailed as error:
        _not_created(batch, error)
    else:
        _found(batch, status)


def _lines_of(batch: Batch) -> list[tuple[str, dict[str, Any]]]:
    """What is left to send: nothing of a batch that was cancelled."""
    if not batch.system:
        return []
    shared = json.loads(batch.system)
    rows = BatchLine.objects.filter(attempt__batch=batch).order_by("attempt_id")
    return [(str(pk), {**shared, **body}) for pk, body in rows.values_list("attempt_id", "body")]


def _set_out(batch: Batch) -> None:
    """From here on the request may have left; every line's lease covers a batch that is created now.

    Raises:
        _ClaimsLost: Some lease has ended: it waited for too long. Nothing has left.
    """
    batch.state, batch.submitting_at = BatchState.SUBMITTING, timezone.now()
    with durable() as cursor:
        if claims.renew(cursor, batch.pk, lease_seconds=LEASE_SECONDS) < batch.lines:
            raise _ClaimsLost
        Batch.objects.filter(pk=batch.pk).update(
            state=batch.state, submitting_at=batch.submitting_at
        )


def _not_created(batch: Batch, error: AttemptFailed) -> None:
    """No answer that names it: it is refused for good, perhaps created all the same, or certainly not.

    Raises:
        AttemptFailed: Certainly not, and trying again later may help.
    """
    alarms.note_change(batch.model, Change.NONE, error)
    if error.permanent or isinstance(error, ModelGone):
        give_up(batch, str(error), code=error.code)
    elif error.may_be_billed or isinstance(error, UpstreamBroken):
        _save(batch, state=BatchState.LOST, error=str(error)[:300])
    else:
        _save(batch, state=BatchState.READY, error=str(error)[:300])
        raise error


def _found(batch: Batch, status: BatchStatus) -> None:
    """The provider has it under an id: what was kept to send it is not needed any more."""
    with durable():
        BatchLine.objects.filter(attempt__batch=batch).delete()
        Batch.objects.filter(pk=batch.pk).update(
            state=BatchState.SUBMITTED,
            provider_id=status.id,
            expires_at=status.expires_at,
            system="",
            error="",
        )
    batch.refresh_from_db()
    alarms.resolve_alert(AlertKind.BATCH_LOST, str(batch.pk))


def _seek(batch: Batch) -> None:
    """Its creation was lost: find it at the provider, or rule out every batch that could be it and make it ready again."""
    if batch.state == BatchState.SUBMITTING:
        _save(batch, state=BatchState.LOST)
    alarms.open_alert(
        AlertKind.BATCH_LOST,
        str(batch.pk),
        f"The creation of batch {batch.pk} got no answer; it is sought at the provider before it is sent again.",
    )
    submitting_at = batch.submitting_at or batch.created_at
    is_pending = timezone.now() < submitting_at + APPEARS_WITHIN
    for status in client.list_batches(created_since=submitting_at - CLOCKS_DIFFER):
        if not _could_be(batch, status):
            continue
        if status.state != "ended":
            is_pending = True
        elif _is_ours(batch, status):
            _found(batch, status)
            return
        else:
            _save(batch, ruled_out=[*batch.ruled_out, status.id])
    if not is_pending:
        _save(batch, state=BatchState.READY)
        alarms.resolve_alert(AlertKind.BATCH_LOST, str(batch.pk))


def _could_be(batch: Batch, status: BatchStatus) -> bool:
    return (
        status.requests == batch.lines
        and status.id not in batch.ruled_out
        and not Batch.objects.filter(provider_id=status.id).exists()
    )


def _is_ours(batch: Batch, status: BatchStatus) -> bool:
    """Whether its result lines are our attempts, all of them: another installation may count from the same numbers."""
    ours = Attempt.objects.filter(batch=batch).values_list("pk", flat=True)
    return {line.custom_id for line in client.batch_results(status.id)} == set(map(str, ours))


def _look(batch: Batch) -> None:
    """Ask how far it is; collect it once it has ended.

    Where the provider denies it or its results long after it expired, it is over too: its lines stay `unknown`.
    """
    try:
        status = client.get_batch(str(batch.provider_id))
        if status.state != "ended":
            return
        collect(batch)
    except (ModelGone, RequestRejected) as error:
        if batch.expires_at is None or timezone.now() < batch.expires_at + GIVEN_UP_AFTER:
            raise
        log.error("the results of a batch are gone", batch=batch.pk, error=str(error))
        _save(batch, state=BatchState.FAILED, error=str(error)[:300])
        return
    _save(
        batch,
        state=BatchState.COLLECTED,
        ended_at=status.ended_at,
        collected_at=timezone.now(),
        error="",
    )
