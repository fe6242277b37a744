"""Keeps the leases of this process's calls alive while they wait for Claude.

One thread a process renews all of them in one statement, so a slow answer costs no thread of its own. If the process dies,
nothing renews, and a follower takes over when the lease ends.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

import structlog
from django.db import DatabaseError

from triage.services.gateway import dedup

log = structlog.get_logger(__name__)

RENEW_SECONDS = dedup.LEASE_SECONDS / 3


class Renewer:
    """The set of owners whose leases this process keeps, and the thread that renews them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owners: set[int] = set()
        self._wake = Event()
        self._thread: Thread | None = None
        self._pid = 0

    def add(self, owner: int) -> None:
        with self._lock:
            self._owners.add(owner)
            if self._thread is None or not self._thread.is_alive() or self._pid != os.getpid():
                self._pid = os.getpid()
                self._thread = Thread(target=self._run, name="lease-renewer", daemon=True)
                self._thread.start()

    def remove(self, owner: int) -> None:
        with self._lock:
            self._owners.discard(owner)

    def _run(self) -> None:
        while True:
            self._wake.wait(RENEW_SECONDS)
            with self._lock:
                owners = sorted(self._owners)
                if not owners:
                    self._thread = None
                    return
            self._renew(owners)

    def _renew(self, owners: list[int]) -> None:
        try:
            dedup.renew(owners)
        except DatabaseError as error:
            log.warning("leases were not renewed", error=str(error))


_renewer = Renewer()


@contextmanager
def kept(owner: int) -> Iterator[None]:
    """Keep the lease of `owner` for the time of the block."""
    _renewer.add(owner)
    try:
        yield
    finally:
        _renewer.remove(owner)
