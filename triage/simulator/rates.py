"""The `anthropic-ratelimit-*` headers: a token bucket per organisation and model.

Limits are those of the public Start tier. The buckets are shown, not enforced: refusals come
from the scenario alone, so that a benchmark measures the product and not a tier.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from triage.simulator.pricing import Tokens

LIMITS_PER_MINUTE = {"requests": 1_000, "input-tokens": 2_000_000, "output-tokens": 400_000}


@dataclass(slots=True)
class _Bucket:
    used: float = 0.0
    seen_at: float = 0.0

    def take(self, amount: int, limit: int, now: float) -> None:
        leaked = max(now - self.seen_at, 0.0) * limit / 60
        self.used = min(max(self.used - leaked, 0.0) + amount, limit)
        self.seen_at = now


@dataclass(slots=True)
class RateLimits:
    """Use so far, per (organisation, model)."""

    _buckets: dict[tuple[str, str], dict[str, _Bucket]] = field(default_factory=dict)

    def take(self, key: str, model: str, *, tokens: Tokens, now: float) -> dict[str, str]:
        """Count a request and return the headers; cache reads do not count."""
        fresh = {name: _Bucket(seen_at=now) for name in LIMITS_PER_MINUTE}
        buckets = self._buckets.setdefault((key, model), fresh)
        amounts = {
            "requests": 1,
            "input-tokens": tokens.total_input - tokens.cache_read,
            "output-tokens": tokens.output,
        }
        headers: dict[str, str] = {}
        for name, limit in LIMITS_PER_MINUTE.items():
            buckets[name].take(amounts[name], limit, now)
            headers |= _headers(name, limit, buckets[name], now)
        return headers | _most_restrictive(headers)

    def clear(self) -> None:
        """Forget all use."""
        self._buckets.clear()


def _headers(name: str, limit: int, bucket: _Bucket, now: float) -> dict[str, str]:
    left = limit - bucket.used
    shown = int(left) if name == "requests" else round(left / 1_000) * 1_000
    full_at = datetime.fromtimestamp(now, UTC) + timedelta(seconds=bucket.used * 60 / limit)
    prefix = f"anthropic-ratelimit-{name}"
    return {
        f"{prefix}-limit": str(limit),
        f"{prefix}-remaining": str(shown),
        f"{prefix}-reset": full_at.replace(microsecond=0).isoformat().replace("+00:00", "Z"),
    }


def _most_restrictive(headers: dict[str, str]) -> dict[str, str]:
    """`tokens-*` repeats the token limit with the least left."""
    name = min(
        ("input-tokens", "output-tokens"),
        key=lambda kind: int(headers[f"anthropic-ratelimit-{kind}-remaining"]),
    )
    return {
        f"anthropic-ratelimit-tokens-{field}": headers[f"anthropic-ratelimit-{name}-{field}"]
        for field in ("limit", "remaining", "reset")
    }
