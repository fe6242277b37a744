"""Who runs the servers of a checkout: one process at a time, found by others through var/run.

The claim is a lock on a file, which the system lifts however its holder ends. What the holder
wants known, its id, its address and the servers' URLs, stands in `servers.json` beside it.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from config.embedded.errors import in_words
from config.embedded.process import find_identity
from config.embedded.roster import write_whole

Pause = Callable[[float], None]


@dataclass(frozen=True)
class Holder:
    """The process that runs the servers; `address` is empty unless it serves the application."""

    pid: int
    identity: str
    address: str = ""
    database_url: str = ""
    redis_url: str = ""

    @classmethod
    def me(cls, *, address: str = "") -> Self:
        """This process, its servers not started yet."""
        return cls(os.getpid(), find_identity(os.getpid()) or "", address)

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return find_identity(self.pid) == self.identity


class Claim:
    """Our right to run the checkout's servers."""

    def __init__(self, run: Path, holder: Holder) -> None:
        self._file = run / "servers.json"
        self._holder = holder
        self._write()

    def announce(self, *, database_url: str, redis_url: str) -> None:
        """Let others find the servers."""
        self._holder = replace(self._holder, database_url=database_url, redis_url=redis_url)
        self._write()

    def withdraw(self) -> None:
        """Let others find nothing any more."""
        self._file.unlink(missing_ok=True)

    def _write(self) -> None:
        with in_words("cannot write down that the servers run"):
            write_whole(self._file, json.dumps(asdict(self._holder)))


@contextmanager
def try_claim(run: Path, *, address: str = "") -> Iterator[Claim | None]:
    """The claim for the length of the block, or None while another process has it.

    Raises:
        EmbeddedError: The files in `run` cannot be used.
    """
    with in_words("cannot use the state folder"):
        descriptor = os.open(run / "servers.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        claim = Claim(run, Holder.me(address=address))
        try:
            yield claim
        finally:
            claim.withdraw()
    finally:
        os.close(descriptor)


def find_holder(run: Path) -> Holder | None:
    """The live process that has the claim, or None if none has or it has not said so yet."""
    try:
        holder = Holder(**json.loads((run / "servers.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return holder if holder.is_alive else None
