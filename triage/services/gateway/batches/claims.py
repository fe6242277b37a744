"""The claims of a batch's lines on their stored replies: found, pushed before it is handed in, given back when it is given up.

Rows are locked in the order of their fingerprints, as `dedup.claim_many` does.
"""

from collections.abc import Collection

from django.db.backends.utils import CursorWrapper


def find_batches(cursor: CursorWrapper, fingerprints: Collection[str]) -> dict[str, int]:
    """The batches underway that are asking these, by fingerprint."""
    cursor.execute(
        """
        SELECT kept.fingerprint, attempt.batch_id
          FROM triage_storedreply AS kept JOIN triage_attempt AS attempt ON attempt.call_id = kept.owner
         WHERE kept.fingerprint = ANY(%s) AND kept.lease_until > clock_timestamp() AND attempt.batch_id IS NOT NULL
        """,
        [list(fingerprints)],
    )
    return dict(cursor.fetchall())


def renew(cursor: CursorWrapper, batch_id: int, *, lease_seconds: float) -> int:
    """Push the leases of the batch's lines and their attempts; the number of lines that still had theirs.

    A pack has a claim for each ticket; they were made together, so they end together.
    """
    cursor.execute(
        """
        WITH mine AS (
            SELECT kept.fingerprint
              FROM triage_storedreply AS kept JOIN triage_attempt AS attempt ON attempt.call_id = kept.owner
             WHERE attempt.batch_id = %s AND attempt.certainty = 'open' AND kept.lease_until > clock_timestamp()
             ORDER BY kept.fingerprint
               FOR UPDATE OF kept
        )
        UPDATE triage_storedreply SET lease_until = clock_timestamp() + %s * interval '1 second'
         WHERE fingerprint IN (SELECT fingerprint FROM mine)
        RETURNING owner
        """,
        [batch_id, lease_seconds],
    )
    lines = len({row[0] for row in cursor.fetchall()})
    cursor.execute(
        """
        UPDATE triage_attempt SET lease_until = clock_timestamp() + %s * interval '1 second'
         WHERE batch_id = %s AND certainty = 'open'
        """,
        [lease_seconds, batch_id],
    )
    return min(lines, int(cursor.rowcount))


def release(cursor: CursorWrapper, batch_id: int) -> None:
    """Give the claims back, so that the requests may be asked at once. Older replies stay."""
    cursor.execute(
        """
        WITH mine AS (
            SELECT kept.fingerprint
              FROM triage_storedreply AS kept JOIN triage_attempt AS attempt ON attempt.call_id = kept.owner
             WHERE attempt.batch_id = %s AND kept.lease_until IS NOT NULL
             ORDER BY kept.fingerprint
               FOR UPDATE OF kept
        ), gone AS (
            DELETE FROM triage_storedreply WHERE reply IS NULL AND fingerprint IN (SELECT fingerprint FROM mine)
        )
        UPDATE triage_storedreply SET lease_until = NULL
         WHERE reply IS NOT NULL AND fingerprint IN (SELECT fingerprint FROM mine)
        """,
        [batch_id],
    )
