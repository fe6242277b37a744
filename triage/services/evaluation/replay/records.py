"""Recorded answers, read from any table: a ticket a row, with `text`, `label`, and a column for each model.

The column of a model holds the label it named, "" where it named none. Beside `gpt-4` there may be `gpt-4_confidence` (0 to 1),
`gpt-4_latency_ms` and `gpt-4_cost_usd`. A file is .csv with a head or .jsonl; its SHA-256 goes into the report.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from triage.exceptions import InvalidInput
from triage.services.statistics.checking import check_confidences

TEXT, LABEL = "text", "label"
FIGURES = ("_confidence", "_latency_ms", "_cost_usd")
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model said, ticket by ticket; figures that were not recorded for every ticket are empty."""

    labels: tuple[str, ...]
    confidences: tuple[float, ...] = ()
    latencies_ms: tuple[float, ...] = ()
    costs_usd: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """Texts with the labels that people gave them."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Judged tickets with the answers of models to them.

    Args:
        files: The SHA-256 of each file this was read from, by name.
        pool: Judged tickets that no model was asked about, to train on; without them a part of `tickets` is.
    """

    files: Mapping[str, str]
    tickets: Judged
    models: Mapping[str, Answers]
    pool: Judged = field(default=Judged((), ()))


def read(path: Path) -> Recorded:
    """The answers of one table.

    Raises:
        InvalidInput: It is no such table; what is wrong is named, with its line.
    """
    content = path.read_bytes()
    rows = _rows(path, content)
    models = {name: _answers(name, rows) for name in _models(rows)}
    if not models:
        raise InvalidInput(path.name, "it has no column of a model's answers")
    return Recorded({path.name: digest(content)}, judged(rows), models)


def read_csv(content: bytes) -> list[Row]:
    """The rows of a table with a head."""
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), restval=""))


def judged(rows: Sequence[Row]) -> Judged:
    return Judged(tuple(row[TEXT] for row in rows), tuple(row[LABEL].strip() for row in rows))


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _rows(path: Path, content: bytes) -> list[Row]:
    try:
        found = _read_jsonl(content) if path.suffix == ".jsonl" else read_csv(content)
    except (ValueError, csv.Error) as exc:
        raise InvalidInput(path.name, f"not readable: {exc}") from exc
    if not found:
        raise InvalidInput(path.name, "it has no tickets")
    for line, row in enumerate(found, 1):
        for name in (TEXT, LABEL):
            if not row.get(name, "").strip():
                raise InvalidInput(path.name, f"ticket {line:,} has no {name}")
    return found


def _read_jsonl(content: bytes) -> list[Row]:
    rows = [json.loads(line) for line in content.decode().splitlines() if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("a line is no object")
    return [{key: _said(value) for key, value in row.items()} for row in rows]


def _said(value: Any) -> str:
    return "" if value is None else str(value)


def _models(rows: Sequence[Row]) -> list[str]:
    """The columns that are neither the ticket nor a figure of another column."""
    names = [str(name) for name in rows[0] if name not in {TEXT, LABEL, None}]
    figures = {name + figure for name in names for figure in FIGURES}
    return [name for name in names if name not in figures]


def _answers(name: str, rows: Sequence[Row]) -> Answers:
    labels = tuple(row.get(name, "").strip() for row in rows)
    confidences, latencies, costs = (_numbers(name + figure, rows) for figure in FIGURES)
    check_confidences(confidences, name=f"{name}_confidence")
    return Answers(labels, confidences, latencies, costs)


def _numbers(name: str, rows: Sequence[Row]) -> tuple[float, ...]:
    """Those of a column, none if it is not there or has gaps."""
    said = [row.get(name, "").strip() for row in rows]
    if not all(said):
        return ()
    try:
        numbers = tuple(map(float, said))
    except ValueError as exc:
        raise InvalidInput(name, str(exc)) from exc
    if not all(0 <= number < float("inf") for number in numbers):
        raise InvalidInput(name, "a number below 0, or none")
    return numbers
