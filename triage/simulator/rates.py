"""Rate limits: token buckets per organisation and model, and the headers that show them.

The limits of the public Scale tier are shown but not enforced, so that a benchmark measures the
product and not a tier. A limit of the scenario is enforced: its bucket refills continuously, holds
one second's worth (of requests at least 5), and lets a request in while one unit is left. What a
request needs beyond that is a debt that the refill pays first, so the long-run rate is the limit.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from triage.simulator import errors
from triage.simulator.parts import Fault
from triage.simulator.pricing import Tokens

REQUESTS, INPUT, OUTPUT = "requests", "input-tokens", "output-tokens"
LIMITS_PER_MINUTE = {REQUESTS: 10_000, INPUT: 10_000_000, OUTPUT: 2_000_000}
NAMES = {
    Fault.REQUESTS_PER_MINUTE: REQUESTS,
    Fault.INPUT_PER_MINUTE: INPUT,
    Fault.OUTPUT_PER_MINUTE: OUTPUT,
}
LEAST_BURST = {REQUESTS: 5}


@dataclass(slots=True)
class _Bucket:
    per_minute: int
    burst: float
    is_enforced: bool
    level: float
    seen_at: float

    def refill(self, now: float) -> None:
        gained = max(now - self.seen_at, 0.0) * self.per_minute / 60
        self.level = min(self.level + gained, self.burst)
        self.seen_at = max(now, self.seen_at)

    def take(self, amount: int) -> None:
        self.level -= amount
        if not self.is_enforced:
            self.level = max(self.level, 0.0)

    def wait_seconds(self) -> float:
        """Until it lets the next request in."""
        return (1 - self.level) * 60 / self.per_minute if self.is_enforced else 0.0


@dataclass(frozen=True, slots=True)
class Meter:
    """The buckets of one organisation and model, refilled to the present."""

    now: float
    buckets: Mapping[str, _Bucket]

    def admit(self, spent: Tokens) -> None:
        """Count a request and its input; cache reads do not count.

        Raises:
            ApiError: 429 where an enforced limit is used up; nothing is counted.
        """
        wait = round(max(bucket.wait_seconds() for bucket in self.buckets.values()), 6)
        if wait > 0:
            raise errors.rate_limited(math.ceil(wait), self.headers())
        self.buckets[REQUESTS].take(1)
        self.buckets[INPUT].take(spent.total_input - spent.cache_read)

    def add_output(self, tokens: int) -> None:
        """Count the output of an answer."""
        self.buckets[OUTPUT].take(tokens)

    def headers(self) -> dict[str, str]:
        """`anthropic-ratelimit-*`; tokens are rounded to thousands, as documented."""
        shown: dict[str, str] = {}
        for name, bucket in self.buckets.items():
            shown |= _headers(name, bucket, self.now)
        return shown | _most_restrictive(shown)


@dataclass(slots=True)
class RateLimits:
    """What is left of every limit."""

    _buckets: dict[tuple[str, str, str, int, bool], _Bucket] = field(default_factory=dict)

    def meter(self, key: str, model: str, *, enforced: Mapping[Fault, int], now: float) -> Meter:
        """The buckets of an organisation and a model at `now`, Unix seconds."""
        limits = {NAMES[fault]: per_minute for fault, per_minute in enforced.items()}
        buckets = {
            name: self._bucket((key, model, name, limits.get(name, shown), name in limits), now)
            for name, shown in LIMITS_PER_MINUTE.items()
        }
        return Meter(now, buckets)

    def clear(self) -> None:
        """Forget all use."""
        self._buckets.clear()

    def _bucket(self, key: tuple[str, str, str, int, bool], now: float) -> _Bucket:
        _, _, name, per_minute, is_enforced = key
        burst = max(per_minute / 60, LEAST_BURST.get(name, 1)) if is_enforced else per_minute
        full = _Bucket(per_minute, burst, is_enforced, burst, now)
        bucket = self._buckets.setdefault(key, full)
        bucket.refill(now)
        return bucket


def _headers(name: str, bucket: _Bucket, now: float) -> dict[str, str]:
    left = max(bucket.level, 0.0)
    remaining = int(left) if name == REQUESTS else round(left / 1_000) * 1_000
    full_at = math.ceil(now + (bucket.burst - bucket.level) * 60 / bucket.per_minute)
    prefix = f"anthropic-ratelimit-{name}"
    return {
        f"{prefix}-limit": str(bucket.per_minute),
        f"{prefix}-remaining": str(remaining),
        f"{prefix}-reset": datetime.fromtimestamp(full_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _most_restrictive(headers: dict[str, str]) -> dict[str, str]:
    """`tokens-*` repeats the token limit with the least left."""
    name = min(
        (INPUT, OUTPUT), key=lambda kind: int(headers[f"anthropic-ratelimit-{kind}-remaining"])
    )
    return {
        f"anthropic-ratelimit-tokens-{field}": headers[f"anthropic-ratelimit-{name}-{field}"]
        for field in ("limit", "remaining", "reset")
    }
