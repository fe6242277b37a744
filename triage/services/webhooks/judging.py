"""What a receiver's answer means: delivered, again later, given up, or that it wants no more."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from random import uniform

from triage.services.webhooks.sending import Answer

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 4 * 3600.0
SHORTEST_PAUSE_SECONDS = 1.0
DOUBLINGS_AT_MOST = 20
# Too early, too many, too slow, or somebody else at it: the same request may do later.
RETRIED = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class Verdict(StrEnum):
    DELIVERED = "delivered"
    RETRY = "retry"
    GIVE_UP = "give_up"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Judged:
    """`error` is for the log, "" where it was delivered."""

    verdict: Verdict
    error: str = ""


def judge(answer: Answer) -> Judged:
    """By the status; without one it may do later."""
    status = answer.status
    if status is None:
        return Judged(Verdict.RETRY, answer.error)
    if 200 <= status < 300:
        return Judged(Verdict.DELIVERED)
    if status == HTTPStatus.GONE:
        return Judged(Verdict.GONE, "410: the receiver wants no more.")
    if 300 <= status < 400:
        return Judged(Verdict.GIVE_UP, f"{status}: a redirect, which is not followed.")
    if status in RETRIED or status >= 500:
        return Judged(Verdict.RETRY, f"{status}: not now.")
    return Judged(Verdict.GIVE_UP, f"{status}: refused.")


def pause_seconds(tries: int, *, retry_after: str = "", now: datetime) -> float:
    """How long to wait after try number `tries`: exponential with full jitter, and never less than `Retry-After` asks."""
    most = FIRST_PAUSE_SECONDS * 2 ** min(tries - 1, DOUBLINGS_AT_MOST)
    jittered = uniform(0, min(most, LONGEST_PAUSE_SECONDS))
    return max(SHORTEST_PAUSE_SECONDS, jittered, _asked_seconds(retry_after, now))


def _asked_seconds(text: str, now: datetime) -> float:
    """`Retry-After` in seconds or as a date; 0 for what is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now) / timedelta(seconds=1))
