"""Who writes the days: this process alone, or several at once. What is written is the same."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

import django
from django.db import connection

from triage.services.history.ids import LAG_DAYS, Day
from triage.services.history.scene import Scene
from triage.services.history.writing import write_day


def write_alone(scene: Scene, days: Sequence[Day]) -> Iterator[int]:
    """The attempts of each day, once it is committed."""
    for day in days:
        yield write_day(scene, day)


def write_together(scene: Scene, days: Sequence[Day]) -> Iterator[int]:
    """The same by several processes. A day is begun when all are done that it may speak of; closed early, none is begun."""
    database = str(connection.settings_dict["NAME"])
    underway: dict[Future[int], int] = {}
    done: set[int] = set()
    begun = finished = 0  # days from the first on: that were begun, and that are done without a gap
    with _pool() as pool:
        try:
            while finished < len(days):
                while begun < min(finished + LAG_DAYS, len(days)):
                    underway[pool.submit(_write, database, scene, days[begun])] = begun
                    begun += 1
                for future in wait(underway, return_when=FIRST_COMPLETED).done:
                    done.add(underway.pop(future))
                    yield future.result()
                while finished in done:
                    finished += 1
        finally:
            pool.shutdown(cancel_futures=True)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=min(LAG_DAYS, os.cpu_count() or 1),
        mp_context=get_context("spawn"),
        initializer=django.setup,
    )


def _write(database: str, scene: Scene, day: Day) -> int:
    """In another process. Ctrl-C is the first one's to handle: what is underway is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection.settings_dict["NAME"] = database
    return write_day(scene, day)
