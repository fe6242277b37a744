"""A crew: worker processes that ask Claude and may be killed at any moment.

All are forked from one process that has loaded the application, so that starting another costs milliseconds and a trial can
afford hundreds. What they say is read all the time; nothing they do can block on it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Any

from bench.stage import ROOT

START_SECONDS = 30.0
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker asks: each text once, or with `is_endless` new texts for ever. Without `by_id` the user is `system`."""

    texts: tuple[str, ...] = ()
    threads: int = 1
    by_id: int | None = None
    is_endless: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call of a worker ended: `obtained`, or an error's code. `ended_at` is in Unix seconds."""

    pid: int
    seconds: float
    ended_at: float
    obtained: str = ""
    text: str = ""
    model_served: str = ""
    error: str = ""
    message: str = ""


class Crew:
    """The workers and what they said, killed together at the end of the block.

    Args:
        timers: Constants of the gateway's modules that the workers use otherwise, as in `{"attempts.SETTLE_SECONDS": 0.5}`.
    """

    def __init__(
        self, environment: Mapping[str, str], *, timers: Mapping[str, float] | None = None
    ) -> None:
        self.outcomes: list[Outcome] = []
        self._started: Queue[int] = Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.trials_crew", json.dumps(timers or {})],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = Thread(target=self._read, name="crew", daemon=True)
        self._reader.start()

    def start(self, job: Job) -> int:
        """A worker at this job: its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        return self._started.get(timeout=START_SECONDS)

    def kill(self, pid: int) -> None:
        """SIGKILL to one worker."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def await_outcomes(self, count: int, *, of: set[int], seconds: float) -> list[Outcome]:
        """The outcomes of these workers, as soon as there are `count`.

        Raises:
            TimeoutError: There are not, in time.
        """
        ends = time.monotonic() + seconds
        while len(found := self.outcomes_of(of)) < count:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(found)} of {count} calls ended within {seconds:.0f} s")
            time.sleep(POLL_SECONDS)
        return found

    def outcomes_of(self, pids: set[int]) -> list[Outcome]:
        return [outcome for outcome in list(self.outcomes) if outcome.pid in pids]

    def run(self, job: Job, *, seconds: float = 60.0) -> list[Outcome]:
        """The outcomes of all texts of a job, asked by a new worker."""
        return self.await_outcomes(len(job.texts), of={self.start(job)}, seconds=seconds)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if "started" in said:
                self._started.put(said["started"])
            else:
                self.outcomes.append(Outcome(**said))

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
