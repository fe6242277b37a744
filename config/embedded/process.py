"""Programs we start, and how to tell later that a process is still the one we started.

A process id alone proves nothing: ids are given out again. A `Record` therefore keeps the moment
the process began as well, and outlives us in a file. Every program leads a session of its own, so
that a terminal's Ctrl-C does not reach it and all it starts can be found.
"""

import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

import psutil

from config.embedded.account import Account
from config.embedded.errors import EmbeddedError

# The shell waits for a line and becomes the program: should we die before the process is on
# record, the pipe closes, the line never comes, and nothing is left behind.
IS_LINUX = platform.system() == "Linux"
GATE = 'read -r _ && exec "$@" </dev/null'


class Rank(IntEnum):
    """When a program stops: the lower, the earlier."""

    SETUP = 0
    WEB = 1
    WORKER = 2
    BEAT = 3
    SIMULATOR = 4
    REDIS = 5
    POSTGRES = 6


def nothing() -> None:
    """Do nothing: what most programs need before they start."""


@dataclass(frozen=True)
class Program:
    """A program to start: its command, whole environment, folder, log and account.

    `account` is whom it runs as (None: us), `output` a file of its own for what it prints (None:
    the log), `before` is called ahead of every start and raises EmbeddedError when it cannot be.
    """

    name: str
    argv: tuple[str, ...]
    rank: Rank
    env: Mapping[str, str]
    cwd: Path
    log: Path
    output: Path | None = None
    account: Account | None = None
    before: Callable[[], None] = nothing


@dataclass(frozen=True)
class Record:
    """A started process as kept on disk: its id, which is its session's too, and its identity."""

    name: str
    pid: int
    identity: str
    rank: Rank

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return find_identity(self.pid) == self.identity


@cache
def find_boot() -> str:
    """The name of the machine's present boot: no process of another boot is alive."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def find_identity(pid: int) -> str | None:
    """Boot and start time of the process `pid`, or None if there is none or it is a zombie.

    Linux counts the start in ticks since boot, which no change of the clock moves; elsewhere it is
    psutil's `create_time`.
    """
    try:
        if IS_LINUX:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            # The second field is the command in parentheses and may contain anything.
            fields = stat.rpartition(")")[2].split()
            state, began = fields[0], fields[19]
            return None if state in "ZXx" else f"{find_boot()}:{began}"
        process = psutil.Process(pid)
        is_zombie = process.status() == psutil.STATUS_ZOMBIE
        return None if is_zombie else f"{find_boot()}:{process.create_time():.2f}"
    except (OSError, IndexError, psutil.Error):
        return None


def start(program: Program) -> tuple[subprocess.Popen[bytes], Record]:
    """Start `program` behind the gate: it runs only once `release` is called.

    Raises:
        EmbeddedError: It could not be started; the line says why.
    """
    program.before()
    account = program.account
    try:
        with program.log.open("ab") as log, (program.output or program.log).open("ab") as output:
            popen = subprocess.Popen(
                ["/bin/sh", "-c", GATE, "sh", *program.argv],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=log,
                cwd=program.cwd,
                env=dict(program.env),
                start_new_session=True,
                **(account.switch if account else {}),
            )
    except OSError as error:
        raise EmbeddedError(f"{program.name} could not be started: {error}") from error
    return popen, Record(program.name, popen.pid, find_identity(popen.pid) or "", program.rank)


def release(popen: subprocess.Popen[bytes]) -> None:
    """Let a process started by `start` become its program."""
    assert popen.stdin
    with suppress(BrokenPipeError):  # it is dead already, and its exit code will say so
        popen.stdin.write(b"\n")
        popen.stdin.close()


def find_family(record: Record) -> list[int]:
    """Ids of every living process of `record`'s session and of its descendants.

    Once the leader is gone its id cannot be given out again while its session lives, so members
    found under the same boot are still ours; after another boot nothing is.
    """
    holder = find_identity(record.pid)
    if holder not in (None, record.identity) or not record.identity.startswith(find_boot()):
        return []
    found = {pid for pid in psutil.pids() if find_session(pid) == record.pid}
    if holder:
        found.update(find_descendants(record.pid))
    return [pid for pid in found if find_identity(pid)]


def find_session(pid: int) -> int | None:
    """The session of the process `pid`, or None if it is gone or hidden."""
    try:
        return os.getsid(pid)
    except OSError:
        return None


def find_descendants(pid: int) -> list[int]:
    """Ids of all children of `pid`, and theirs."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def find_strays(name: str, *, folder: Path) -> list[int]:
    """Ids of the processes called `name` whose working folder is `folder`."""
    wanted = (name, str(folder.resolve()))
    found = psutil.process_iter(["name", "cwd"])
    return [
        process.pid for process in found if (process.info["name"], process.info["cwd"]) == wanted
    ]


def send(pid: int, signal_number: int) -> None:
    """Send a signal; a process that has ended meanwhile is no error."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)
