"""What programs wrote: logs set aside at each start, and the line that tells what went wrong."""

import re
from pathlib import Path

TELLING = re.compile(
    r"(error|exception|fatal|panic|critical)(:|/|\s*\]|$)|no space left|denied|\(\w+\.[CE]\d+\)",
    re.IGNORECASE,
)
LAST_LINES = 30  # what was written long before the end did not cause it
TAIL_BYTES = 20_000
LINE_CHARACTERS = 300


def set_aside(log: Path) -> None:
    """Keep the last run's log beside the new one, as `NAME.log.1`."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))


def find_telling_line(text: str) -> str:
    """The last line of `text` that names an error, else its last line, else "no output"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][-LAST_LINES:]
    telling = [line for line in lines if TELLING.search(line) and not line.endswith(":")]
    return (telling or lines or ["no output"])[-1][:LINE_CHARACTERS]


def read_tail(log: Path) -> str:
    """The end of the file `log`, empty if it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
