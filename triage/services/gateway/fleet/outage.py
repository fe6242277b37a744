"""A Redis that is down costs one caller a second its timeout, not every caller."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TypeVar

import structlog
from redis import RedisError

T = TypeVar("T")
log = structlog.get_logger(__name__)

REDIS_ERRORS = (RedisError, OSError)
REST_SECONDS = 1.0
WARN_SECONDS = 10.0


class Outage:
    """What one process remembers of a Redis that did not answer. `what` names for people what goes on without it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = Lock()
        self._is_down = False
        self._try_at = 0.0
        self._warn_at = 0.0

    def may_try(self) -> bool:
        """Whether Redis should be asked: always while it answers, else one caller each second."""
        with self._lock:
            if self._is_down:
                now = monotonic()
                if now < self._try_at:
                    return False
                self._try_at = now + REST_SECONDS
            return True

    def ask(self, question: Callable[[], T], *, otherwise: T) -> T:
        """Redis's answer, or `otherwise` while it is down."""
        if not self.may_try():
            return otherwise
        try:
            answer = question()
        except REDIS_ERRORS as error:
            self.begins(error)
            return otherwise
        self.ends()
        return answer

    def begins(self, error: Exception) -> None:
        """Note that Redis did not answer; a warning at most every 10 s."""
        with self._lock:
            now = monotonic()
            self._is_down = True
            self._try_at = now + REST_SECONDS
            is_due = now >= self._warn_at
            if is_due:
                self._warn_at = now + WARN_SECONDS
        if is_due:
            log.warning("redis is down", without_it=self._what, error=str(error))

    def ends(self) -> None:
        """Note that Redis answered."""
        self._is_down = False
