"""What a reconciliation found out, written to the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from triage.models import Certainty
from triage.services.gateway.journal import durable
from triage.types import Usage


@dataclass(frozen=True, slots=True)
class Finding:
    """What one unsure attempt really cost: `known`, or `none` and nothing."""

    attempt_id: int
    certainty: Certainty
    cost_nanousd: int
    usage: Usage
    request_id: str
    text: str


def save(findings: Sequence[Finding]) -> int:
    """Settle the attempts for good and correct their calls' costs, in one statement. Returns how many were unsure till now.

    An attempt that its owner has settled meanwhile is left alone. `text` is added to what its error said.
    """
    if not findings:
        return 0
    columns: list[Any] = [
        [finding.attempt_id for finding in findings],
        [finding.certainty.value for finding in findings],
        [finding.cost_nanousd for finding in findings],
        *([getattr(finding.usage, name) for finding in findings] for name in Usage.__slots__),
        [finding.request_id for finding in findings],
        [finding.text for finding in findings],
    ]
    with durable() as cursor:
        cursor.execute(SAVE, columns)
        return int(cursor.fetchone()[0])


SAVE = """
WITH found AS (
    SELECT * FROM unnest(%s::bigint[], %s::varchar[], %s::bigint[], %s::integer[], %s::integer[], %s::integer[],
                         %s::integer[], %s::integer[], %s::varchar[], %s::varchar[])
        AS found (id, certainty, cost, uncached_input, cache_write_5m, cache_write_1h, cache_read, output, request_id, text)
), due AS MATERIALIZED (
    SELECT found.*, attempt.call_id, attempt.cost_nanousd AS before
      FROM found JOIN triage_attempt AS attempt ON attempt.id = found.id
      JOIN triage_call AS call ON call.id = attempt.call_id
     WHERE attempt.certainty IN ('unknown', 'lower_bound')
     ORDER BY call.id FOR UPDATE OF call
), saved AS (
    UPDATE triage_attempt AS attempt
       SET certainty = due.certainty, cost_nanousd = due.cost, uncached_input_tokens = due.uncached_input,
           cache_write_5m_tokens = due.cache_write_5m, cache_write_1h_tokens = due.cache_write_1h,
           cache_read_tokens = due.cache_read, output_tokens = due.output,
           request_id = CASE WHEN due.request_id = '' THEN attempt.request_id ELSE due.request_id END,
           error_text = left(trim(attempt.error_text || ' ' || due.text), 300)
      FROM due WHERE attempt.id = due.id AND attempt.certainty IN ('unknown', 'lower_bound')
    RETURNING attempt.call_id, due.cost - due.before AS change
), corrected AS (
    UPDATE triage_call AS call
       SET cost_nanousd = changed.change
                          + (SELECT sum(cost_nanousd) FROM triage_attempt WHERE call_id = call.id)
      FROM (SELECT call_id, sum(change) AS change FROM saved GROUP BY call_id) AS changed
     WHERE call.id = changed.call_id
)
SELECT count(*) FROM saved
"""
