"""Wall clocks over an exchange with Claude, exact however the bytes come.

A read timeout of the HTTP library starts anew with every byte and every ping. Here each read waits only until the nearest
limit of the clock that its thread runs under, so that silence, pings without content and a dripping answer all end in time.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from enum import StrEnum
from math import inf
from time import monotonic
from types import TracebackType

import httpcore2

TICK_SECONDS = 0.4  # how often a caller is asked whether it still wants the answer
LEAST_WAIT_SECONDS = 0.001  # to a socket, a timeout of 0 means "never wait"


def never() -> bool:
    return False


class Limit(StrEnum):
    """What may end an exchange before its time."""

    BYTE = "byte"
    CONTENT = "content"
    TOTAL = "total"
    CANCELLED = "cancelled"


class TimeUp(httpcore2.ReadTimeout):
    """Raised by a read whose clock has ended; out of the HTTP library it comes as a timeout of its own."""


class Clock:
    """The limits of one exchange, in seconds, and whether its caller has cancelled it.

    `with clock:` puts the thread's reads under it. Between such blocks only the total runs: the time that a caller takes over
    a piece is no silence of Claude's. `cancelled` must be quick and must not raise.
    """

    def __init__(
        self, seconds: Mapping[Limit, float], *, cancelled: Callable[[], bool] = never
    ) -> None:
        self.started = monotonic()
        self.ended_by: Limit | None = None
        self._seconds = dict(seconds)
        self._since = dict.fromkeys(seconds, self.started)
        self._cancelled = cancelled
        self._ask_at = inf if cancelled is never else self.started
        self._left_at = self.started
        self._token: Token[Clock | None] | None = None

    @property
    def elapsed_ms(self) -> int:
        return round((monotonic() - self.started) * 1000)

    def came(self, limit: Limit) -> None:
        """What this limit waits for came just now."""
        self._since[limit] = monotonic()

    def end_within(self, seconds: float) -> None:
        """From now on only this much is left, whatever the limits were."""
        self._seconds = {Limit.TOTAL: seconds}
        self._since = {Limit.TOTAL: monotonic()}

    def check(self) -> float:
        """Seconds that a read may wait before it has to check again.

        Raises:
            TimeUp: A limit has passed, or the caller has cancelled; `ended_by` says which.
        """
        now = monotonic()
        if now >= self._ask_at:
            self._ask_at = now + TICK_SECONDS
            if self._cancelled():
                self.ended_by = Limit.CANCELLED
        ends, limit = self._nearest()
        if ends <= now:
            self.ended_by = self.ended_by or limit
        if self.ended_by:
            raise TimeUp(f"ended by the limit: {self.ended_by}")
        return max(LEAST_WAIT_SECONDS, min(ends, self._ask_at) - now)

    def within(self, timeout: float | None) -> float:
        """The timeout of a step that cannot be interrupted: at most what the nearest limit leaves."""
        left = max(LEAST_WAIT_SECONDS, self._nearest()[0] - monotonic())
        return left if timeout is None else min(timeout, left)

    def _nearest(self) -> tuple[float, Limit]:
        return min((self._since[limit] + self._seconds[limit], limit) for limit in self._seconds)

    def __enter__(self) -> None:
        held = monotonic() - self._left_at
        for limit in self._since.keys() - {Limit.TOTAL}:
            self._since[limit] += held
        self.check()
        self._token = _running.set(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token:
            _running.reset(self._token)
        self._left_at = monotonic()


_running: ContextVar[Clock | None] = ContextVar("running", default=None)


def total(seconds: float) -> Clock:
    """A clock that knows only the end."""
    return Clock({Limit.TOTAL: seconds})


def find_running() -> Clock | None:
    """The clock this thread's reads are under now."""
    return _running.get()
