"""Runs every measurement, or those named on the command line."""

import sys
from importlib import import_module

from bench.stage import stage

PARTS = ("overhead", "throughput", "single_flight")

if __name__ == "__main__":
    chosen = sys.argv[1:] or PARTS
    with stage():
        for part in chosen:
            import_module(f"bench.{part}").main()
