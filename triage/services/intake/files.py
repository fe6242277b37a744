"""Import files as tickets, line by line. What stands in a row is judged in `mapping`, how rows are read in `rows`."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from triage.exceptions import InvalidInput
from triage.services.intake.mapping import ticket_of
from triage.services.intake.receiving import NewTicket, check
from triage.services.intake.rows import BadLine, Row, rows

__all__ = ["BadLine", "Line", "digest_of", "read"]

DIGEST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """One usable row: its line number, the ticket, how many values could not be mapped, its length in the file."""

    number: int
    ticket: NewTicket
    unmapped: int
    size: int


def digest_of(path: Path) -> str:
    """Recognises a file again: the SHA-256 of its size and both ends, quick for any size."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(DIGEST_BYTES))
        file.seek(max(0, size - DIGEST_BYTES))
        digest.update(file.read(DIGEST_BYTES))
    return digest.hexdigest()


def read(file: BinaryIO, *, source: str, skip_lines: int = 0) -> Iterator[Line | BadLine]:
    """The tickets of `file` after its first `skip_lines` lines.

    Raises:
        InvalidInput: The file as a whole cannot be used: it is empty, not UTF-8 text, or lacks `description`.
    """
    is_empty = skip_lines == 0
    for row in rows(file, skip_lines=skip_lines):
        is_empty = False
        yield row if isinstance(row, BadLine) else _line(row, source)
    if is_empty:
        raise InvalidInput("file", "has no rows")


def _line(row: Row, source: str) -> Line | BadLine:
    try:
        ticket, unmapped = ticket_of(row.values, source=source)
        check(ticket)
    except InvalidInput as error:
        return BadLine(row.number, str(error))
    return Line(row.number, ticket, unmapped, row.size)
