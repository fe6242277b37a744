"""`make run`: the whole application on one machine, `python -m config.supervisor`."""

import signal
import sys
from pathlib import Path


def main() -> int:
    """Run the application in the current folder; the exit code."""
    # Ctrl-C while modules load ends us without a traceback; nothing has been started yet.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from config.supervisor_run import run
    from config.supervisor_table import build_product

    return run(root=Path.cwd(), build_table=build_product)


if __name__ == "__main__":
    sys.exit(main())
