"""The ledger's hot path: rows that are committed before a request leaves and settled after it.

Plain SQL, because each statement stands between a ticket and its answer, and each function is one durable transaction:
called inside a caller's transaction it is refused, since that could roll a paid request out of the ledger. Afterwards
the connection is back in its pool, so nobody holds one while waiting for Claude.

Locks are taken in one order everywhere: the guide where it is new, the stored reply, the call with its prompt, and last, in one
statement, the attempts, whose trigger takes the rows of what is spent. So no two transactions of the gateway can wait for each
other.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from triage.exceptions import InsideTransaction
from triage.models import Certainty, Feature, Obtained
from triage.services.gateway.prompts import KeptPrompt, keep_guide
from triage.services.gateway.request import About
from triage.types import Usage


@dataclass(frozen=True, slots=True)
class CallRow:
    """What a call's row says when it is opened."""

    feature: Feature
    by_id: int
    about: About
    fingerprint: str
    prompt_version: str
    model_asked: str
    prompt: KeptPrompt


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: its cost, how sure that is, and what the provider said."""

    certainty: Certainty
    cost_nanousd: int
    latency_ms: int
    usage: Usage = field(default_factory=Usage)
    http_status: int | None = None
    error: str = ""
    error_text: str = ""
    stop_reason: str = ""
    request_id: str = ""
    rate_limits: dict[str, str] = field(default_factory=dict)
    first_token_ms: int | None = None
    cache_miss_reason: str = ""

    @property
    def miss(self) -> str:
        """What the provider says of a cache miss; of a hit it says that the messages differ, as they always do."""
        return "" if self.usage.cache_read_tokens else self.cache_miss_reason


@dataclass(frozen=True, slots=True)
class Closing:
    """How a call ended. `text` is what came as its answer, also where that cannot be used."""

    call_id: int
    latency_ms: int
    cost_nanousd: int = 0
    tries: int = 0
    obtained: Obtained | None = None
    model_served: str = ""
    saved_nanousd: int = 0
    error: str = ""
    text: str = ""


@contextmanager
def durable() -> Iterator[CursorWrapper]:
    """A durable transaction of its own; on leaving, the connection is back in the pool."""
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            yield cursor
    finally:
        if not connection.in_atomic_block:
            connection.close()


def check_outside_transaction() -> None:
    """Raises InsideTransaction where the caller holds a transaction open."""
    # What Django's own check of `durable=True` reads; a test case's wrapper is no caller's transaction.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise InsideTransaction(
            "Claude must be asked outside of transaction.atomic(): a rollback would lose a paid request."
        )


def read_now(cursor: CursorWrapper) -> datetime:
    """The database's clock, which all leases go by."""
    cursor.execute("SELECT clock_timestamp()")
    now: datetime = cursor.fetchone()[0]
    return now


def insert_call(cursor: CursorWrapper, row: CallRow) -> int:
    """The call's row and its prompt's, in one statement; the call's id."""
    keep_guide(cursor, row.prompt)
    cursor.execute(
        """
        WITH opened AS (
            INSERT INTO triage_call (feature, by_id, about_kind, about_id, fingerprint, prompt_version, model_asked,
                                     model_served, state, obtained, tries, cost_nanousd, saved_nanousd, error)
            VALUES (%s, %s, %s, %s, %s, %s, %s, '', 'running', '', 0, 0, 0, '')
            RETURNING id
        )
        INSERT INTO triage_prompt (call_id, guide_digest, content, max_tokens, reply)
        SELECT id, %s, %s::jsonb, %s, '' FROM opened
        RETURNING call_id
        """,
        [
            row.feature,
            row.by_id,
            row.about.kind,
            row.about.id,
            row.fingerprint,
            row.prompt_version,
            row.model_asked,
            row.prompt.guide_digest,
            row.prompt.content_json,
            row.prompt.request.max_tokens,
        ],
    )
    return int(cursor.fetchone()[0])


def close_call(cursor: CursorWrapper, closing: Closing) -> None:
    """Write how the call ended, and what was answered, in one statement."""
    cursor.execute(
        """
        WITH answered AS (
            UPDATE triage_prompt SET reply = said.text FROM (SELECT %s AS text) AS said
             WHERE call_id = %s AND said.text <> ''
        )
        UPDATE triage_call
           SET state = %s, obtained = %s, model_served = %s, tries = %s, cost_nanousd = %s, saved_nanousd = %s, error = %s,
               latency_ms = %s, finished_at = clock_timestamp()
         WHERE id = %s
        """,
        [
            closing.text,
            closing.call_id,
            "answered" if closing.obtained else "failed",
            closing.obtained or "",
            closing.model_served,
            closing.tries,
            closing.cost_nanousd,
            closing.saved_nanousd,
            closing.error,
            closing.latency_ms,
            closing.call_id,
        ],
    )


def open_attempt(
    cursor: CursorWrapper,
    *,
    call_id: int,
    number: int,
    model: str,
    bound_nanousd: int,
    price: str,
    lease_seconds: float,
) -> tuple[int, datetime]:
    """The attempt's row, holding its bound, before the request leaves: its id and when it was opened. `price` is JSON."""
    cursor.execute(
        """
        INSERT INTO triage_attempt (call_id, number, model, certainty, bound_nanousd, cost_nanousd, price, lease_until,
                                    uncached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
                                    cache_read_tokens, output_tokens, error, error_text, stop_reason, request_id,
                                    rate_limits)
        VALUES (%s, %s, %s, 'open', %s, %s, %s::jsonb, clock_timestamp() + %s * interval '1 second',
                0, 0, 0, 0, 0, '', '', '', '', '{}')
        RETURNING id, opened_at
        """,
        [call_id, number, model, bound_nanousd, bound_nanousd, price, lease_seconds],
    )
    attempt_id, opened_at = cursor.fetchone()
    return int(attempt_id), opened_at


def settle_attempt(cursor: CursorWrapper, attempt_id: int, outcome: Outcome) -> None:
    """The bound becomes the cost, once: a row whose lease ended meanwhile takes the later, better knowledge too."""
    usage = outcome.usage
    cursor.execute(
        """
        UPDATE triage_attempt
           SET certainty = %s, cost_nanousd = %s, uncached_input_tokens = %s, cache_write_5m_tokens = %s,
               cache_write_1h_tokens = %s, cache_read_tokens = %s, output_tokens = %s, http_status = %s, error = %s,
               error_text = %s, stop_reason = %s, request_id = %s, rate_limits = %s::jsonb, latency_ms = %s,
               first_token_ms = %s, cache_miss_reason = %s, settled_at = clock_timestamp()
         WHERE id = %s AND certainty IN ('open', 'unknown')
        """,
        [
            outcome.certainty,
            outcome.cost_nanousd,
            usage.uncached_input_tokens,
            usage.cache_write_5m_tokens,
            usage.cache_write_1h_tokens,
            usage.cache_read_tokens,
            usage.output_tokens,
            outcome.http_status,
            outcome.error,
            outcome.error_text[:300],
            outcome.stop_reason,
            outcome.request_id,
            json.dumps(outcome.rate_limits),
            outcome.latency_ms,
            outcome.first_token_ms,
            outcome.miss,
            attempt_id,
        ],
    )


def expire_attempts() -> int:
    """Attempts whose lease ended unsettled become `unknown`; their bound goes on counting as spent. Returns how many.

    Their calls, which nobody is left to close, end as failed.
    """
    with durable() as cursor:
        cursor.execute(
            """
            WITH dead AS (
                SELECT attempt.id, attempt.call_id FROM triage_attempt AS attempt
                  JOIN triage_call AS call ON call.id = attempt.call_id
                 WHERE attempt.certainty = 'open' AND attempt.lease_until < clock_timestamp()
                   FOR UPDATE OF call SKIP LOCKED
            ), expired AS (
                UPDATE triage_attempt SET certainty = 'unknown', error = 'owner_lost', settled_at = clock_timestamp()
                 WHERE id IN (SELECT id FROM dead) AND certainty = 'open'
                RETURNING call_id
            ), closed AS (
                UPDATE triage_call
                   SET state = 'failed', error = 'owner_lost', finished_at = clock_timestamp(),
                       cost_nanousd = (SELECT sum(cost_nanousd) FROM triage_attempt WHERE call_id = triage_call.id)
                 WHERE id IN (SELECT call_id FROM expired) AND state = 'running'
            )
            SELECT count(*) FROM expired
            """
        )
        return int(cursor.fetchone()[0])
