"""The programs of one run and the watchdog that outlives it."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded.errors import in_words
from config.embedded.process import Program, Rank, Record, find_identity, release, start
from config.embedded.roster import Roster
from config.embedded.stopping import TICK_SECONDS, stop

CODE = Path(__file__).resolve().parents[2]
WATCHDOG_END_SECONDS = 3.0


class Crew:
    """Starts programs, knows which have ended, and stops them all, however the block is left."""

    def __init__(self, roster_path: Path, *, folders: list[Path]) -> None:
        self._roster = Roster(roster_path, folders=folders)
        self._running: dict[str, tuple[Program, subprocess.Popen[bytes], Record]] = {}
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    def __enter__(self) -> Self:
        try:
            with in_words("cannot write down what runs"):
                self._roster.save()
            self.keep_watchdog()
        except BaseException:
            self._roster.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._roster.remove()
        self._end_watchdog()

    def start(self, program: Program) -> None:
        """Start `program`; it is on record before it runs.

        Raises:
            EmbeddedError: It could not be started or written down.
        """
        popen, record = start(program)
        self._running[program.name] = (program, popen, record)
        self._roster.records.append(record)
        with in_words(f"cannot write down that {program.name} runs"):
            self._roster.save()
        release(popen)

    def take_ended(self) -> list[tuple[Program, int]]:
        """The programs that ended since the last call, with their exit codes; they are forgotten.

        What such a program left running in its session is stopped.
        """
        ended = []
        for name, (program, popen, record) in list(self._running.items()):
            code = popen.poll()
            if code is not None:
                stop([record])
                del self._running[name]
                self._roster.records.remove(record)
                ended.append((program, code))
        if ended:
            with in_words("cannot write down what runs"):
                self._roster.save()
        return ended

    def keep_watchdog(self) -> None:
        """Start the watchdog unless it runs: it stops the programs should we be killed.

        Raises:
            EmbeddedError: It could not be started or written down.
        """
        if self._watchdog and self._watchdog.poll() is None:
            return
        if self._pipe >= 0:
            os.close(self._pipe)
        with in_words("cannot start the watchdog"):
            reading, self._pipe = os.pipe()
            self._watchdog = subprocess.Popen(
                [sys.executable, "-m", __package__ + ".watchdog", str(reading), self._roster.path],
                cwd=CODE,
                env={**os.environ, "PYTHONPATH": str(CODE)},
                pass_fds=(reading,),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            os.close(reading)
            pid = self._watchdog.pid
            self._roster.watchdog = Record("watchdog", pid, find_identity(pid) or "", Rank.SETUP)
            self._roster.save()

    def stop(self) -> None:
        """Stop every program in order and reap it; returns when none is alive."""
        stop(record for _, _, record in self._running.values())
        for _, popen, _ in self._running.values():
            popen.wait()
            if popen.stdin:
                with suppress(BrokenPipeError):
                    popen.stdin.close()
        self._running.clear()

    def _end_watchdog(self) -> None:
        os.close(self._pipe)
        if self._watchdog:
            try:
                self._watchdog.wait(WATCHDOG_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._watchdog.kill()
                self._watchdog.wait()


def clean_up_after(roster: Roster) -> None:
    """Stop and remove what a run that is dead has left; its watchdog may be at it already."""
    deadline = time.monotonic() + 9.0  # a watchdog that still works is done in eight seconds
    watchdog = roster.watchdog
    while watchdog and watchdog.is_alive and time.monotonic() < deadline:
        time.sleep(TICK_SECONDS)
    stop(roster.records + ([watchdog] if watchdog else []))
    roster.remove()
