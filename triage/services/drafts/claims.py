"""Who writes a draft: a lease on the database's clock, and `claims` as the fencing token of what is saved.

Each statement is a transaction of its own, after which the connection is back in the pool: a draft takes up to 90 seconds.
"""

import json
from dataclasses import dataclass

from django.conf import settings

from triage.models import Draft
from triage.selectors.objects import Json
from triage.services.gateway.journal import durable


@dataclass(frozen=True, slots=True)
class Kept:
    """What a writer learns when it saves: whether the draft is still its own, and whether somebody wants it to stop."""

    is_ours: bool
    is_stop_asked: bool


def claim(draft_id: int) -> Draft | None:
    """The draft, ours to write; None unless it waits. What made it stale is still to be read, so it no longer is.

    One that goes on with another stays stale: its first half was written before.
    """
    with durable() as cursor:
        cursor.execute(
            """
            UPDATE triage_draft
               SET state = 'running', claims = claims + 1, stale_at = CASE WHEN text = '' THEN NULL ELSE stale_at END,
                   lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE id = %s AND state = 'queued'
            RETURNING id
            """,
            [settings.TRIAGE_DRAFT_LEASE_SECONDS, draft_id],
        )
        if cursor.fetchone() is None:
            return None
    return Draft.objects.select_related("by", "ticket__requester").get(pk=draft_id)


def keep(draft_id: int, claims: int, text: str, sources: list[Json]) -> Kept:
    """Save the text so far with what it cites, and push the lease."""
    with durable() as cursor:
        cursor.execute(
            """
            UPDATE triage_draft
               SET text = %s, sources = %s::jsonb, lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE id = %s AND state = 'running' AND claims = %s
            RETURNING cancel_asked_at IS NOT NULL
            """,
            [text, json.dumps(sources), settings.TRIAGE_DRAFT_LEASE_SECONDS, draft_id, claims],
        )
        row = cursor.fetchone()
    return Kept(is_ours=row is not None, is_stop_asked=bool(row and row[0]))


def take_abandoned(limit: int) -> list[Draft]:
    """Up to `limit` drafts whose writer is gone, ours to end; should the writer come back, it is fenced off."""
    with durable() as cursor:
        cursor.execute(
            """
            UPDATE triage_draft
               SET claims = claims + 1, lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE id IN (
                SELECT id FROM triage_draft
                 WHERE state = 'running' AND lease_until < clock_timestamp()
                 ORDER BY id LIMIT %s
                   FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [settings.TRIAGE_DRAFT_LEASE_SECONDS, limit],
        )
        found = [row[0] for row in cursor.fetchall()]
    return list(Draft.objects.filter(pk__in=found))
