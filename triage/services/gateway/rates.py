"""How often one user may call Claude interactively: so many in any 60 seconds, counted in Redis for the whole fleet.

With Redis down nobody is refused, and an alert says so: budgets still hold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from time import monotonic
from typing import TypeVar

from django.conf import settings
from django.utils import timezone
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool

from accounts.models import User
from triage.exceptions import RateExceeded
from triage.models import Alert, AlertKind
from triage.services.gateway.fleet.connection import get_redis
from triage.services.gateway.fleet.outage import REDIS_ERRORS, Outage

SCOPE = "rates"
MESSAGE = "Redis does not answer: calls per user and requests per token are not limited. Budgets still hold."
ALERT_SECONDS = 60.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Quota:
    """What a user has: `left` of `allowed` calls; `resets_at` (aware, UTC) is when the next one comes back."""

    allowed: int
    left: int
    resets_at: datetime


def check(user: User) -> None:
    """Count one interactive call by `user`.

    Raises:
        RateExceeded: The last 60 seconds hold all that are allowed; this one is not counted.
    """
    item, key = _item_of(user), str(user.pk)
    if ask(lambda: _window().hit(item, key), otherwise=True):
        return
    raise _exceeded(quota(user))


def quota(user: User) -> Quota:
    """What `user` has left now; counts nothing. All of it with Redis down."""
    item, key = _item_of(user), str(user.pk)
    full = (timezone.now().timestamp(), item.amount)
    resets_at, left = ask(lambda: _window().get_window_stats(item, key), otherwise=full)
    return Quota(item.amount, left, datetime.fromtimestamp(resets_at, UTC))


def _item_of(user: User) -> RateLimitItemPerMinute:
    own = user.calls_per_minute
    return RateLimitItemPerMinute(settings.TRIAGE_RATE_PER_MINUTE if own is None else own)


def _exceeded(quota: Quota) -> RateExceeded:
    now = timezone.now()
    resets_at = max(quota.resets_at, now + timedelta(seconds=1))
    return RateExceeded(
        f"Your limit of {quota.allowed} calls to Claude within a minute is reached.",
        limit="interactive calls per minute",
        allowed=str(quota.allowed),
        used=str(quota.allowed),
        resets_at=resets_at,
        retry_after_seconds=ceil((resets_at - now).total_seconds()),
    )


def storage() -> RedisStorage:
    """Where windows are counted."""
    return _storage_on(get_redis().connection_pool)


@lru_cache(maxsize=4)
def _storage_on(pool: ConnectionPool) -> RedisStorage:
    """On the connections that we have anyway; the library's own URL is only a form."""
    return RedisStorage("redis://", connection_pool=pool, key_prefix="triage:rates")


def _window() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage())


def ask(question: Callable[[], T], *, otherwise: T) -> T:
    """Redis's answer, or `otherwise` with an alert where it is down."""
    if not _outage.may_try():
        return otherwise
    try:
        answer = question()
    except REDIS_ERRORS as error:
        _outage.begins(error)
        _alarm.raise_it()
        return otherwise
    _outage.ends()
    _alarm.resolve()
    return answer


class Alarm:
    """The alert of this process: raised at most every 60 s, resolved at the first answer.

    It counts as raised when the process starts: one that died may have left it open.
    """

    def __init__(self) -> None:
        self._is_raised = True
        self._raise_at = 0.0

    def raise_it(self) -> None:
        if monotonic() < self._raise_at:
            return
        self._raise_at = monotonic() + ALERT_SECONDS
        self._is_raised = True
        Alert.objects.open_once(AlertKind.REDIS_DOWN, scope=SCOPE, message=MESSAGE)

    def resolve(self) -> None:
        if not self._is_raised:
            return
        self._is_raised = False
        self._raise_at = 0.0
        Alert.objects.resolve(AlertKind.REDIS_DOWN, scope=SCOPE)


_outage = Outage("interactive calls are not limited per user")
_alarm = Alarm()
