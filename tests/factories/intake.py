"""Tickets as they are handed in, and import files."""

import csv
import json
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from triage.models import Channel
from triage.services.intake import NewTicket

numbers = count(1)


def new_ticket(**fields: Any) -> NewTicket:
    """A ticket with what a test does not care about filled in; each with a text of its own."""
    description = f"Order {next(numbers)} came broken."
    return NewTicket(**{"description": description, "channel": Channel.API, **fields})


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    return path


def write_csv(path: Path, rows: Iterable[Iterable[str]], *, delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path
