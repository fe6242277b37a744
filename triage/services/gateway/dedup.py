"""One answer, one bill: equal calls share one request, across threads, processes and machines.

The row in `triage_storedreply` is the truth: its primary key admits one owner at a time, under a lease on the database's
clock. Redis only reads through for a day; without it everything works, a little slower.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.backends.utils import CursorWrapper
from django.db.models import Q, QuerySet
from django.utils import timezone

from triage.models import StoredReply
from triage.services.gateway.journal import durable, read_now
from triage.services.gateway.request import Reuse
from triage.services.gateway.routes import Clock

LEASE_SECONDS = 5.0  # a follower takes over from a dead owner within its own deadline
CACHE_SECONDS = 24 * 3600
KEPT_DAYS = 30  # for an outage, where TRIAGE_STORED_REPLY_DAYS is less; it counts where it is more
POLL_FIRST_SECONDS = 0.02
POLL_LAST_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Stored:
    """A reply as it is kept for equal calls. `cost_nanousd` is what its own call paid."""

    text: str
    model_asked: str
    model_served: str
    cost_nanousd: int

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def find_cached(fingerprint: str) -> Stored | None:
    """A stored reply from Redis, if it is there."""
    kept = cache.get(_cache_key(fingerprint))
    return Stored(**kept) if kept else None


def claim(cursor: CursorWrapper, fingerprint: str, *, owner: int, reuse: Reuse) -> bool:
    """Become the one that asks. False if a reply is stored (and may be used), or another call is asking right now."""
    cursor.execute(
        """
        INSERT INTO triage_storedreply AS kept (fingerprint, owner, lease_until)
        VALUES (%s, %s, clock_timestamp() + %s * interval '1 second')
        ON CONFLICT (fingerprint) DO UPDATE SET owner = EXCLUDED.owner, lease_until = EXCLUDED.lease_until
         WHERE (kept.lease_until IS NULL OR kept.lease_until < clock_timestamp())
           AND (%s OR kept.reply IS NULL OR kept.stored_at < clock_timestamp() - %s * interval '1 day')
        RETURNING 1
        """,
        [
            fingerprint,
            owner,
            LEASE_SECONDS,
            reuse is Reuse.IN_FLIGHT,
            settings.TRIAGE_STORED_REPLY_DAYS,
        ],
    )
    return cursor.fetchone() is not None


def claim_many(
    cursor: CursorWrapper, owners: Mapping[str, int], *, lease_seconds: float
) -> set[str]:
    """Claim each fingerprint for its owner; the ones that were claimed. The rest is stored or being asked already.

    What is visibly taken is not even locked, so that living owners can renew their leases meanwhile.
    """
    days = settings.TRIAGE_STORED_REPLY_DAYS
    cursor.execute(
        """
        INSERT INTO triage_storedreply AS kept (fingerprint, owner, lease_until)
        SELECT fingerprint, owner, clock_timestamp() + %s * interval '1 second'
          FROM unnest(%s::text[], %s::bigint[]) AS wanted (fingerprint, owner)
         WHERE NOT EXISTS (
            SELECT 1 FROM triage_storedreply AS other
             WHERE other.fingerprint = wanted.fingerprint
               AND (other.lease_until > clock_timestamp() OR other.stored_at >= clock_timestamp() - %s * interval '1 day'))
         ORDER BY fingerprint
        ON CONFLICT (fingerprint) DO UPDATE SET owner = EXCLUDED.owner, lease_until = EXCLUDED.lease_until
         WHERE (kept.lease_until IS NULL OR kept.lease_until < clock_timestamp())
           AND (kept.reply IS NULL OR kept.stored_at < clock_timestamp() - %s * interval '1 day')
        RETURNING fingerprint
        """,
        [lease_seconds, list(owners), list(owners.values()), days, days],
    )
    return {row[0] for row in cursor.fetchall()}


def hand_over(cursor: CursorWrapper, fingerprints: Collection[str], *, owner: int) -> None:
    """Make `owner` the one that asks these, which were claimed in this transaction: one request may ask for several."""
    cursor.execute(
        "UPDATE triage_storedreply SET owner = %s WHERE fingerprint = ANY(%s)",
        [owner, list(fingerprints)],
    )


def await_reply(
    fingerprint: str, *, owner: int, reuse: Reuse, clock: Clock
) -> tuple[Stored | None, bool]:
    """Wait for the reply of the call that is asking: `(reply, has_waited)`.

    `(None, …)` means that its owner died or failed and this call, `owner`, now asks in its place. With `Reuse.IN_FLIGHT` only a
    reply counts that came after this wait began.

    Raises:
        DeadlineExceeded: Neither happened within this call's deadline.
    """
    pause = POLL_FIRST_SECONDS
    since: datetime | None = None
    has_waited = False
    while True:
        with durable() as cursor:
            if since is None and reuse is Reuse.IN_FLIGHT:
                since = read_now(cursor)
            stored = _find(cursor, fingerprint, since=since)
            if stored or claim(cursor, fingerprint, owner=owner, reuse=reuse):
                break
        has_waited = True
        clock.wait(pause)
        pause = min(pause * 1.5, POLL_LAST_SECONDS)
    if stored:
        cache.set(_cache_key(fingerprint), asdict(stored), CACHE_SECONDS)
    return stored, has_waited


def find(fingerprint: str, *, is_stale_welcome: bool = False) -> Stored | None:
    """A stored reply from the database; with `is_stale_welcome` also one that is too old to be given otherwise."""
    with durable() as cursor:
        return _find(cursor, fingerprint, is_stale_welcome=is_stale_welcome)


def store(cursor: CursorWrapper, fingerprint: str, *, owner: int, reply: Stored) -> None:
    """Keep the reply for equal calls, unless the lease was lost to another owner meanwhile."""
    cursor.execute(
        """
        UPDATE triage_storedreply SET reply = %s::jsonb, stored_at = clock_timestamp(), lease_until = NULL
         WHERE fingerprint = %s AND owner = %s AND lease_until IS NOT NULL
        """,
        [reply.as_json(), fingerprint, owner],
    )


def release(cursor: CursorWrapper, fingerprint: str, *, owner: int) -> None:
    """Give the claim back after a failure, so that a waiting call may try at once. An older reply stays."""
    cursor.execute(
        """
        DELETE FROM triage_storedreply
         WHERE fingerprint = %s AND owner = %s AND lease_until IS NOT NULL AND reply IS NULL
        """,
        [fingerprint, owner],
    )
    cursor.execute(
        """
        UPDATE triage_storedreply SET lease_until = NULL
         WHERE fingerprint = %s AND owner = %s AND lease_until IS NOT NULL
        """,
        [fingerprint, owner],
    )


def renew(owners: list[int]) -> None:
    """Push the leases of these living owners."""
    with durable() as cursor:
        cursor.execute(
            """
            UPDATE triage_storedreply SET lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE owner = ANY(%s) AND lease_until IS NOT NULL
            """,
            [LEASE_SECONDS, owners],
        )


def old_replies() -> QuerySet[StoredReply]:
    """Those that are given to nobody any more and that nobody is asking anew, the oldest first."""
    before = timezone.now() - timedelta(days=max(KEPT_DAYS, settings.TRIAGE_STORED_REPLY_DAYS))
    is_old = Q(stored_at=None) | Q(stored_at__lt=before)
    is_free = Q(lease_until=None) | Q(lease_until__lt=before)
    return StoredReply.objects.filter(is_old, is_free).order_by("stored_at")


def _find(
    cursor: CursorWrapper,
    fingerprint: str,
    *,
    since: datetime | None = None,
    is_stale_welcome: bool = False,
) -> Stored | None:
    cursor.execute(
        """
        SELECT reply FROM triage_storedreply
         WHERE fingerprint = %s AND reply IS NOT NULL
           AND (%s OR stored_at >= coalesce(%s, clock_timestamp() - %s * interval '1 day'))
        """,
        [fingerprint, is_stale_welcome, since, settings.TRIAGE_STORED_REPLY_DAYS],
    )
    row = cursor.fetchone()
    return Stored(**json.loads(row[0])) if row else None


def _cache_key(fingerprint: str) -> str:
    return f"reply:{fingerprint}"
