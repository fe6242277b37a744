"""The results of a batch, line by line: each attempt is settled exactly once, however often and in whatever order they come."""

from django.db.backends.utils import CursorWrapper

from triage.models import Attempt, Batch, BatchLine, BatchState, Certainty, Obtained
from triage.models.ledger import CallState
from triage.services.gateway import client, dedup, journal
from triage.services.gateway.attempts import fault_of
from triage.services.gateway.batches import claims
from triage.services.gateway.client import BatchLine as ResultLine
from triage.services.gateway.client import BatchOutcome
from triage.services.gateway.journal import Closing, Outcome, durable
from triage.services.gateway.reconciling.prices import card_from

UNSETTLED = (Certainty.OPEN, Certainty.UNKNOWN)
CANCELED = f"batch_{BatchOutcome.CANCELED}"  # the error of a call that a cancelled batch never made


def collect(batch: Batch) -> int:
    """Settle every line that the provider has a result for; the number settled now. Lines without one keep their hold.

    Raises:
        AttemptFailed: The results could not be read to their end; what was settled stays so.
    """
    settled = 0
    for line in client.batch_results(str(batch.provider_id)):
        settled += _settle(batch, line)
    return settled


def _settle(batch: Batch, line: ResultLine) -> bool:
    """Whether the line was unsettled till now."""
    if not line.custom_id.isdecimal():
        return False
    with durable() as cursor:
        attempt = _take(cursor, batch, int(line.custom_id))
        if attempt is None:
            return False
        if line.answer is None:
            _settle_unanswered(cursor, attempt, line)
        else:
            _settle_answered(cursor, attempt, line.answer)
    return True


def _take(cursor: CursorWrapper, batch: Batch, attempt_id: int) -> Attempt | None:
    """The batch's attempt if it is unsettled, alone: a second collector waits for the call's lock, and finds it settled then.

    Locks in everyone's order: the stored reply, then the call.
    """
    unsettled = Attempt.objects.filter(pk=attempt_id, batch=batch, certainty__in=UNSETTLED)
    attempt = unsettled.select_related("call").first()
    if attempt is None:
        return None
    fingerprint = attempt.call.fingerprint
    cursor.execute(
        "SELECT 1 FROM triage_storedreply WHERE fingerprint = %s FOR UPDATE", [fingerprint]
    )
    cursor.execute("SELECT 1 FROM triage_call WHERE id = %s FOR UPDATE", [attempt.call_id])
    return attempt if unsettled.exists() else None


def _settle_answered(cursor: CursorWrapper, attempt: Attempt, answer: client.Answer) -> None:
    """At the price that was stamped on it, which is the batches' one."""
    card = card_from(attempt.price, attempt.model, is_batch=True)
    cost = card.cost_nanousd(answer.usage)
    fault = fault_of(answer.stop_reason)
    if fault:
        dedup.release(cursor, attempt.call.fingerprint, owner=attempt.call_id)
    else:
        kept = dedup.Stored(answer.text, attempt.model, answer.model, cost)
        dedup.store(cursor, attempt.call.fingerprint, owner=attempt.call_id, reply=kept)
    closing = Closing(
        call_id=attempt.call_id,
        latency_ms=_age_ms(cursor, attempt.call_id),
        cost_nanousd=cost,
        tries=1,
        obtained=None if fault else Obtained.BATCH,
        model_served="" if fault else answer.model,
        error=fault.code if fault else "",
        text=answer.text,
    )
    journal.close_call(cursor, closing)
    outcome = Outcome(
        certainty=Certainty.KNOWN,
        cost_nanousd=cost,
        latency_ms=0,
        usage=answer.usage,
        stop_reason=answer.stop_reason,
        request_id=answer.request_id,
    )
    journal.settle_attempt(cursor, attempt.pk, outcome)


def _settle_unanswered(cursor: CursorWrapper, attempt: Attempt, line: ResultLine) -> None:
    """Errored, expired or canceled: nothing is billed, and the request may be asked again.

    A line that succeeded is billed, also where its answer cannot be read: then the bound goes on counting.
    """
    is_billed = line.outcome == BatchOutcome.SUCCEEDED
    code = "batch_unreadable" if is_billed else f"batch_{line.outcome}"
    cost = attempt.bound_nanousd if is_billed else 0
    dedup.release(cursor, attempt.call.fingerprint, owner=attempt.call_id)
    closing = Closing(
        call_id=attempt.call_id,
        latency_ms=_age_ms(cursor, attempt.call_id),
        cost_nanousd=cost,
        tries=1,
        error=code,
    )
    journal.close_call(cursor, closing)
    outcome = Outcome(
        certainty=Certainty.UNKNOWN if is_billed else Certainty.NONE,
        cost_nanousd=cost,
        latency_ms=0,
        error=code,
        error_text=str(line.error or ""),
    )
    journal.settle_attempt(cursor, attempt.pk, outcome)


def _age_ms(cursor: CursorWrapper, call_id: int) -> int:
    cursor.execute(
        "SELECT least(2147483647, extract(epoch FROM clock_timestamp() - created_at) * 1000)::int "
        "FROM triage_call WHERE id = %s",
        [call_id],
    )
    return int(cursor.fetchone()[0])


def give_up(batch: Batch, why: str, *, code: str) -> None:
    """The provider does not have the batch: nothing was billed, all claims are given back, and the batch is over.

    `code` is kept as the error of its calls and attempts.
    """
    with durable() as cursor:
        claims.release(cursor, batch.pk)
        cursor.execute(
            """
            UPDATE triage_call SET state = %s, error = %s, finished_at = clock_timestamp()
             WHERE id IN (SELECT call_id FROM triage_attempt WHERE batch_id = %s) AND state = 'running'
            """,
            [CallState.FAILED, code, batch.pk],
        )
        BatchLine.objects.filter(attempt__batch=batch).delete()
        Batch.objects.filter(pk=batch.pk).update(
            state=BatchState.FAILED, error=why[:300], system=""
        )
        cursor.execute(
            """
            UPDATE triage_attempt
               SET certainty = 'none', cost_nanousd = 0, error = %s, error_text = %s, settled_at = clock_timestamp()
             WHERE batch_id = %s AND certainty IN ('open', 'unknown')
            """,
            [code, why[:300], batch.pk],
        )
    batch.refresh_from_db()
