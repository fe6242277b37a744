"""Stops processes in the order of their ranks, politely first.

Works on records alone, so that the watchdog and the next start can do it as well as the parent.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM

from config.embedded.process import Rank, Record, find_family, send

TICK_SECONDS = 0.05


@dataclass(frozen=True)
class StopRule:
    """How a rank stops: its signals with the seconds each has, and when the next rank begins."""

    steps: tuple[tuple[int, float], ...]
    patience_seconds: float


def build_rule(seconds: float, *, first: int = SIGTERM, patience: float | None = None) -> StopRule:
    """A rule of `first`, then after `seconds` SIGKILL."""
    return StopRule(((first, seconds), (SIGKILL, 1.0)), seconds if patience is None else patience)


# Together about six seconds at the worst.
RULES = {
    Rank.SETUP: build_rule(0.5),
    Rank.WEB: build_rule(3.5, patience=1.0),  # uvicorn grants open requests three seconds
    Rank.WORKER: build_rule(3.0, patience=0.3),  # beat needs no worker to end
    Rank.BEAT: build_rule(1.0),
    Rank.SIMULATOR: build_rule(1.0),
    Rank.REDIS: build_rule(1.0),
    # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
    Rank.POSTGRES: StopRule(((SIGINT, 2.0), (SIGQUIT, 0.5), (SIGKILL, 1.0)), 3.0),
}


class Stopping:
    """One process on its way out."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.is_gone = False
        self._steps = iter(RULES[record.rank].steps)
        self._until = 0.0

    def push(self) -> None:
        """Send the next signal if the last one had its time; once the leader is gone, sweep."""
        if self.is_gone:
            return
        if not self.record.is_alive:
            self._kill_family()
            self.is_gone = True
        elif time.monotonic() >= self._until:
            signal_number, seconds = next(self._steps, (SIGKILL, 1.0))
            self._until = time.monotonic() + seconds
            if signal_number == SIGKILL:
                self._kill_family()
            else:
                send(self.record.pid, signal_number)

    def _kill_family(self) -> None:
        for pid in find_family(self.record):
            send(pid, SIGKILL)


def stop(records: Iterable[Record]) -> None:
    """Stop all `records`, rank by rank; returns when none is alive.

    Simulator and servers wait for everything before them, which may still need them; the other
    ranks wait only as long as their rule says.
    """
    told: list[Stopping] = []
    ranked = sorted(records, key=lambda record: record.rank)
    for rank in sorted({record.rank for record in ranked}):
        if rank >= Rank.SIMULATOR:
            wait_for(told)
        leaving = [Stopping(record) for record in ranked if record.rank == rank]
        told += leaving
        deadline = time.monotonic() + RULES[rank].patience_seconds
        while not push_all(told, awaited=leaving) and time.monotonic() < deadline:
            time.sleep(TICK_SECONDS)
    wait_for(told)


def push_all(told: list[Stopping], *, awaited: list[Stopping]) -> bool:
    """Push every process of `told`; whether all of `awaited` are gone."""
    for stopping in told:
        stopping.push()
    return all(stopping.is_gone for stopping in awaited)


def wait_for(told: list[Stopping]) -> None:
    """Return once all of `told` are gone; SIGKILL sees to that."""
    while not push_all(told, awaited=told):
        time.sleep(TICK_SECONDS)
