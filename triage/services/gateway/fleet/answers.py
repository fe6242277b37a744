"""What the fleet answers: an admission before an attempt, a change after it, a view for the admin pages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Gate(StrEnum):
    GO = "go"
    WAIT = "wait"  # the pace is used up: ask again after `wait_seconds`
    PAUSED = "paused"  # the provider said 429
    OPEN = "open"  # the breaker is open, or its one probe is on its way
    SLOW = "slow"  # slower on average than the caller's limit
    GONE = "gone"  # the provider said 404


class Change(StrEnum):
    """What a report changed for the fleet; raise or resolve an alert on it."""

    NONE = "none"
    OPENED = "opened"  # also when a probe failed and the breaker stays open
    CLOSED = "closed"
    PAUSED = "paused"  # the first of a row of 429s; a longer pause later is no change
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt may leave now.

    `wait_seconds`: ask again after that; at most 2 for `WAIT`, so that a caller keeps its place in the queue only by coming back.
    `expected_seconds`: the whole wait as it looks now; a caller with less time left should go elsewhere at once.
    `is_probe`: the breaker is judged by this attempt; hand it to the report, or to `release`.
    """

    gate: Gate
    wait_seconds: float = 0.0
    is_probe: bool = False
    expected_seconds: float = 0.0


class Breaker(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    READY = "ready"  # open, and the next caller is the probe
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class BucketView:
    """One limit of a model per minute, where it came from, and what may leave at once right now (below 0: borrowed)."""

    limit_per_minute: int
    is_from_headers: bool
    left: float


@dataclass(frozen=True, slots=True)
class FleetView:
    """What the fleet knows about `model`. Times are aware, UTC.

    `is_known` is False where Redis did not answer: the rest then says nothing. `latency_ms` is the moving average of successes,
    None without any.
    """

    model: str
    is_known: bool
    breaker: Breaker = Breaker.CLOSED
    open_since: datetime | None = None
    failures_in_a_row: int = 0
    paused_until: datetime | None = None
    gone_until: datetime | None = None
    requests: BucketView | None = None
    input_tokens: BucketView | None = None
    output_tokens: BucketView | None = None
    waiting: int = 0
    latency_ms: float | None = None
