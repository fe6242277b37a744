"""Stops what a killed run has left: `python -m config.embedded.watchdog PIPE ROSTER`.

It holds the reading end of a pipe whose writing end only the run has. However the run ends, the
pipe closes; what the roster still names is stopped then, in order, and the watchdog ends as well.
"""

import os
import signal
import sys
from pathlib import Path

from config.embedded.roster import load_roster
from config.embedded.stopping import stop

DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def watch(*, pipe: int, roster_path: Path) -> None:
    """Wait for the end of the run, then stop and remove what it has left."""
    os.read(pipe, 1)
    roster = load_roster(roster_path)
    if roster:
        stop(roster.records)
        roster.remove()


if __name__ == "__main__":
    for number in DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
    watch(pipe=int(sys.argv[1]), roster_path=Path(sys.argv[2]))
