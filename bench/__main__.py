"""Runs the measurements; `python -m bench NAME …` runs those named, and those that take minutes only so (ON_REQUEST)."""

import os
import sys
from importlib import import_module

from bench.stage import stage

PARTS = ("overhead", "throughput", "single_flight", "create", "streaming")
ON_REQUEST = ("recovery", "filters", "contract", "pages")


def main(chosen: list[str]) -> None:
    if unknown := [part for part in chosen if part not in PARTS + ON_REQUEST]:
        sys.exit(
            f"error: unknown measurement {unknown[0]!r}; there are {', '.join(PARTS + ON_REQUEST)}"
        )
    with stage():
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"{os.cpu_count()} cores; load average before: {load}")
        for part in chosen or PARTS:
            import_module(f"bench.{part}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
