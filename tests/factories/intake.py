"""Tickets as they are handed in, and import files."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import factory

from triage.models import Channel
from triage.services.intake import NewTicket


class NewTicketFactory(factory.Factory[NewTicket]):
    class Meta:
        model = NewTicket

    description = factory.Sequence(lambda number: f"Order {number} came broken.")
    channel = Channel.API


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    return path


def write_csv(path: Path, rows: Iterable[Iterable[str]], *, delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path
