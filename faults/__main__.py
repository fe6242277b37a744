"""`python -m faults` plays the fault table and the trials under load; `python -m faults NAME …` those named.

It ends with 1 if a promise was broken.
"""

import sys
from importlib import import_module

from bench.stage import stage

PARTS = {"cases": ("faults.playing", "play_cases"), "trials": ("faults.trials", "run_trials")}


def main(chosen: list[str]) -> int:
    if unknown := [part for part in chosen if part not in PARTS]:
        sys.exit(f"error: unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    with stage():
        held = [_play(*PARTS[part]) for part in chosen or PARTS]
    return 0 if all(held) else 1


def _play(module: str, function: str) -> bool:
    """Imported late: only on the stage are there settings."""
    held: bool = getattr(import_module(module), function)()
    return held


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
