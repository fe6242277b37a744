"""Ctrl-C, SIGTERM and SIGHUP as an exception at a moment of our choosing: while we pause."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ASKS_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Someone asked us to stop."""


class Interruptions:
    """Remembers that someone asked; only `pause` tells."""

    def __init__(self, wakeup: int) -> None:
        self._wakeup = wakeup
        self._is_asked = False

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """A signal handler."""
        self._is_asked = True

    def pause(self, seconds: float) -> None:
        """Wait, at most until a signal comes.

        Raises:
            Interrupted: Someone has asked us to stop, now or since the last pause.
        """
        if not self._is_asked:
            select.select([self._wakeup], [], [], seconds)
        if self._is_asked:
            raise Interrupted


@contextmanager
def listening() -> Iterator[Interruptions]:
    """Interruptions instead of the signals' own effects; after the block the signals do nothing.

    SIGHUP stays ignored if it is: that is how `nohup` asks us to go on.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    interruptions = Interruptions(reading)
    numbers = [
        number
        for number in ASKS_TO_STOP
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    ]
    for number in numbers:
        signal.signal(number, interruptions.ask)
    try:
        yield interruptions
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        os.close(reading)
        os.close(writing)
