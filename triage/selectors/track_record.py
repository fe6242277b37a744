"""How often triage was right where it named this label this surely, by the people who judged it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from triage.models import Field

JUDGED_AT_MOST = 50
JUDGED_AT_LEAST = 5
LOOKED_AT_PER_LABEL = 500  # the newest, of all bands: how far back a rare band is searched
BANDS = ((0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.0))
Pair = tuple[str, float]

JUDGED = """
SELECT slug, band, count(*), count(*) FILTER (WHERE is_right)
  FROM (SELECT slug, band, is_right, row_number() OVER (PARTITION BY slug, band ORDER BY corrected_at DESC) AS place
          FROM (SELECT asked.slug, newest.corrected_at, newest.corrected_to = newest.value AS is_right,
                       width_bucket(newest.confidence, %(lows)s::float[]) - 1 AS band
                  FROM unnest(%(slugs)s::text[]) AS asked(slug)
                 CROSS JOIN LATERAL (
                       SELECT value, confidence, corrected_to, corrected_at FROM triage_fielddecision
                        WHERE field = %(field)s AND value = asked.slug AND NOT corrected_to = ''
                        ORDER BY corrected_at DESC
                        LIMIT %(looked_at)s) AS newest) AS judged) AS placed
 WHERE place <= %(at_most)s
 GROUP BY slug, band
"""


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Of the last `judged` decisions with a confidence from `low` up to `high`, people found `right` of them right."""

    right: int
    judged: int
    low: float
    high: float


def track_record(label_slug: str, confidence: float) -> TrackRecord | None:
    """The record of a label at a confidence (0 to 1); None where fewer than JUDGED_AT_LEAST were judged."""
    return track_records([(label_slug, confidence)]).get((label_slug, confidence))


def track_records(pairs: Iterable[Pair]) -> dict[Pair, TrackRecord]:
    """The records of several (label, confidence) in one query; left out where too few were judged.

    Confirming a label is judging it right. At most JUDGED_AT_MOST decisions of a label and a band count, the newest, and of
    those at most LOOKED_AT_PER_LABEL of a label are read.
    """
    asked = set(pairs)
    if not asked:
        return {}
    judged = _judged({slug for slug, _ in asked})
    found = {
        (slug, confidence): judged.get((slug, _band(confidence))) for slug, confidence in asked
    }
    return {pair: record for pair, record in found.items() if record}


def _judged(slugs: set[str]) -> dict[tuple[str, int], TrackRecord]:
    """The records by label and number of the band."""
    given: dict[str, Any] = {
        "slugs": sorted(slug.replace("\0", "") for slug in slugs),
        "lows": [low for low, _ in BANDS],
        "field": Field.LABEL.value,
        "looked_at": LOOKED_AT_PER_LABEL,
        "at_most": JUDGED_AT_MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(JUDGED, given)
        rows = cursor.fetchall()
    return {
        (slug, band): TrackRecord(right, judged, *BANDS[band])
        for slug, band, judged, right in rows
        if band is not None and judged >= JUDGED_AT_LEAST
    }


def _band(confidence: float) -> int:
    """The number of the band that a confidence lies in."""
    return max(number for number, (low, _) in enumerate(BANDS) if low <= max(confidence, 0.0))
