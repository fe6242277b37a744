"""Raw rows of an import file, one at a time: CSV or JSONL, of any size, in a fixed amount of memory.

A line that cannot be read is given back as a `BadLine` with its number and the reason; the lines after it are read all the
same. Values stand here as they came.
"""

import csv
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from triage.exceptions import InvalidInput
from triage.services.intake.cleaning import cleaned

COLUMNS = {
    "external_id",
    "subject",
    "description",
    "label",
    "priority",
    "requester_email",
    "requester_name",
    "tags",
    "created_at",
    "split",
}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LINE_MAX_BYTES = 2_000_000  # one endless line must not fill the memory
BRACKETS_MAX = 200_000  # in memory a list takes thirty times its two bytes
ROW_MAX_CHARACTERS = 2_000_000  # nor one endless row
REREAD_MAX_CHARACTERS = 40_000_000  # of broken rows; bounds the time for hostile files
NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what "surrogateescape" makes of a byte that is not UTF-8


@dataclass(frozen=True, slots=True)
class Row:
    """One row by the number of its last line, its values by column, and its length in the file."""

    number: int
    values: dict[str, Any]
    size: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """One row that is refused, by the number of its first unreadable line, and why."""

    number: int
    reason: str


def rows(file: BinaryIO, *, skip_lines: int = 0) -> Iterator[Row | BadLine]:
    """The rows of `file` after its first `skip_lines` lines; CSV or JSONL by its first character.

    Raises:
        InvalidInput: The file as a whole cannot be read, or a CSV lacks the column `description`.
    """
    start = file.read(256)
    file.seek(0)
    if b"\0" in start[:8] or start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise InvalidInput("file", "is UTF-16 or not a text at all; save it as UTF-8")
    first = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    if re.match(rb"\[\s*(?:\{|$)", first):
        raise InvalidInput("file", "is one JSON array; write one object a line (JSONL)")
    if first.startswith((b"{", b"[")):
        yield from _jsonl(file, skip_lines)
    else:
        yield from (row for row in _csv(file) if row.number > skip_lines)


def _bounded_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines as bytes; None in the place of one that is too long."""
    is_first = True
    while raw := file.readline(LINE_MAX_BYTES):
        if len(raw) < LINE_MAX_BYTES or raw.endswith(b"\n"):
            yield raw.removeprefix(BYTE_ORDER_MARK) if is_first else raw
        else:
            while (rest := file.readline(LINE_MAX_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None
        is_first = False


def _jsonl(file: BinaryIO, skip_lines: int) -> Iterator[Row | BadLine]:
    for number, line in enumerate(_bounded_lines(file), start=1):
        if number <= skip_lines or (line is not None and not line.strip()):
            continue
        yield _json_row(number, line)


def _json_row(number: int, line: bytes | None) -> Row | BadLine:
    if line is None:
        return BadLine(number, _too_long())
    try:
        values = _json(line)
    except UnicodeDecodeError as error:
        return BadLine(number, f"not UTF-8: byte {line[error.start]:#04x} at {error.start + 1}")
    except RecursionError:
        return BadLine(number, "nested too deeply")
    except ValueError as error:
        return BadLine(number, f"not JSON: {str(error)[:80]}")
    if not isinstance(values, dict):
        return BadLine(number, "not a JSON object")
    return Row(number, values, len(line))


def _json(line: bytes) -> Any:
    if line.count(b"[") + line.count(b"{") > BRACKETS_MAX:
        raise ValueError(f"it has more than {BRACKETS_MAX:,} brackets")
    return json.loads(line.decode("utf-8"))


def _csv(file: BinaryIO) -> Iterator[Row | BadLine]:
    """The header is line 1. A broken quote or a byte that is not UTF-8 spoils its own row alone."""
    csv.field_size_limit(ROW_MAX_CHARACTERS)
    delimiter = _delimiter(file)
    feed = _LineFeed(_bounded_lines(file))
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        feed.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if header is None:
                raise InvalidInput("file", f"begins with a line that is not CSV: {error}") from None
            yield feed.give_back(str(error))
            continue
        if not any(cells):
            continue
        if header is None:
            header = _checked_header(cells)
        else:
            yield _csv_row(feed.number, header, cells, feed.size)


def _delimiter(file: BinaryIO) -> str:
    """The usual mark that stands most often in the first line that is not blank."""
    first = next((line for line in _bounded_lines(file) if line and line.strip()), b"")
    file.seek(0)
    return max(",;\t", key=lambda mark: first.count(mark.encode()))


class _LineFeed:
    """Lines for `csv.reader`, which can be given once more from the second line of a broken row on.

    So a quote that is never closed costs the row it stands in, not all the rows it would swallow.
    """

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._rereads_left = REREAD_MAX_CHARACTERS
        self.number = 0
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._again:
            line: str | None = self._again.popleft()
        else:
            raw = next(self._lines)
            line = None if raw is None else raw.decode("utf-8", "surrogateescape")
        self.number += 1
        self._row.append(line or "")
        if line is None:
            raise csv.Error(_too_long())
        self.size += len(line)
        if self.size > ROW_MAX_CHARACTERS:
            raise csv.Error(f"the row is longer than {ROW_MAX_CHARACTERS:,} characters")
        return line

    def begin_row(self) -> None:
        self._row = []
        self.size = 0

    def give_back(self, reason: str) -> BadLine:
        """The row being read is broken: refuse its first line, and read the others once more."""
        first, last = self.number - len(self._row) + 1, self.number
        if first == last or _too_long() in reason:
            return BadLine(first, f"not CSV: {reason}" if first == last else reason)
        if self.size > self._rereads_left:
            return BadLine(last, f"lines {first:,} to {last:,} hang on a quote that is not closed")
        self._rereads_left -= self.size
        self._again.extendleft(reversed(self._row[1:]))
        self.number = first
        return BadLine(first, "a quote is opened here and not closed, or closed within a text")


def _too_long() -> str:
    return f"the line is longer than {LINE_MAX_BYTES:,} bytes"


def _checked_header(cells: list[str]) -> list[str]:
    """Names of the columns: ours in small letters, unknown ones as they stand, nameless ones by their place."""
    names = [cleaned(cell) or f"column {place}" for place, cell in enumerate(cells, start=1)]
    header = [name.lower() if name.lower() in COLUMNS else name for name in names]
    if "description" not in header:
        raise InvalidInput(
            "file", f"has no column `description`; its columns are {', '.join(header)[:200]}"
        )
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise InvalidInput("file", f"has the column `{doubled[0]}` twice")
    return header


def _csv_row(number: int, header: list[str], cells: list[str], size: int) -> Row | BadLine:
    if len(cells) > len(header):
        return BadLine(number, f"has {len(cells)} fields, the header has {len(header)}")
    values = dict(zip(header, cells, strict=False))
    for name, value in values.items():
        if NOT_UTF8.search(value):
            return BadLine(number, f"{name}: not UTF-8; save the file as UTF-8")
    return Row(number, values, size)
