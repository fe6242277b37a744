"""How often one token may ask: so many requests in any minute, counted in Redis for all web processes.

With Redis down nobody is refused.
"""

from dataclasses import dataclass
from math import ceil
from time import time

from django.conf import settings
from django.http import HttpResponseBase
from limits import RateLimitItemPerMinute
from limits.strategies import SlidingWindowCounterRateLimiter
from rest_framework.exceptions import Throttled

from accounts.models import ApiToken
from triage.services.gateway import rates


@dataclass(frozen=True, slots=True)
class Standing:
    """What a token has left of its `limit`; `resets_in` is in whole seconds."""

    limit: int
    left: int
    resets_in: int

    def write_to(self, response: HttpResponseBase) -> None:
        response["RateLimit-Limit"] = str(self.limit)
        response["RateLimit-Remaining"] = str(self.left)
        response["RateLimit-Reset"] = str(self.resets_in)


def take(token: ApiToken) -> Standing:
    """Count one request of `token`.

    Raises:
        Throttled: The last minute holds all that are allowed; this one is not counted.
    """
    item, key = RateLimitItemPerMinute(settings.TRIAGE_API_PER_MINUTE), f"token:{token.pk}"
    taken, resets_at, left = rates.ask(
        lambda: _take(item, key), otherwise=(True, time() + 60, item.amount)
    )
    standing = Standing(item.amount, left, max(1, ceil(resets_at - time())))
    if not taken:
        raise TooMany(standing)
    return standing


class TooMany(Throttled):
    """429, with the token's standing for the headers."""

    default_detail = "This token has made too many requests in the last minute."
    extra_detail_singular = extra_detail_plural = ""

    def __init__(self, standing: Standing) -> None:
        super().__init__()
        self.wait = standing.resets_in
        self.standing = standing


def _take(item: RateLimitItemPerMinute, key: str) -> tuple[bool, float, int]:
    window = SlidingWindowCounterRateLimiter(rates.storage())
    taken = window.hit(item, key)
    resets_at, left = window.get_window_stats(item, key)
    return taken, resets_at, left
