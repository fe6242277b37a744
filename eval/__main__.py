"""`python -m eval` runs every part; `python -m eval NAME [options]` one of them. It ends with 1 if a part's promise did not hold.

A part is a module here with `main(arguments) -> bool`: whether what it promises held.
"""

import sys
from importlib import import_module

PARTS = ("monte_carlo", "audits", "plan", "local", "replay")


def main(arguments: list[str]) -> int:
    chosen, *options = arguments or [""]
    if chosen and chosen not in PARTS:
        sys.exit(f"error: unknown part {chosen!r}; there are {', '.join(PARTS)}")
    held = [import_module(f"eval.{part}").main(options) for part in ([chosen] if chosen else PARTS)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
