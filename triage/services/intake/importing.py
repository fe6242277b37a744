"""Importing a file: in batches, each committed with the count of lines it finishes, so that a killed run goes on.

Running the same file again is safe: a known `source` and `external_id` is one ticket. Two processes that import one file at
the same time do not count twice: the slower gives way. Imported tickets are not pushed to the workers one by one; the
sweeper and `triage` bring them in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import reset_queries, transaction

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Import
from triage.models.imports import ImportState
from triage.services.intake import files
from triage.services.intake.files import BadLine, Line
from triage.services.intake.mapping import CONTENT_ID
from triage.services.intake.receiving import SOURCE_MAX_CHARACTERS, receive_many

BATCH_LINES = 500
PROBLEMS_KEPT = 100
BATCH_CHARACTERS = 2_000_000  # whichever comes first: memory stays small for any file


@dataclass(frozen=True, slots=True)
class Step:
    """Where the import stands after one more batch, and which of its lines were refused.

    `resumed_after` is the line after which this run went on, 0 for a fresh one.
    """

    run: Import
    refused: list[BadLine]
    bytes_read: int
    resumed_after: int


def import_tickets(path: Path, *, source: str, by: User) -> Iterator[Step]:
    """Read `path` into tickets, a batch at a time; an interrupted import of the same file goes on where it stopped.

    Raises:
        InvalidInput: The file as a whole cannot be used.
        Conflict: Another process is importing this file just now; it goes on.
    """
    check_source(source)
    run = _begin(path, source=source, by=by)
    try:
        yield from read_into(run, path)
    except InvalidInput:
        run.delete()
        raise


def check_source(source: str) -> None:
    """Raises InvalidInput where tickets cannot have that source."""
    if len(source) > SOURCE_MAX_CHARACTERS:
        raise InvalidInput("source", f"is longer than {SOURCE_MAX_CHARACTERS} characters")


def read_into(run: Import, path: Path) -> Iterator[Step]:
    """Read `path` on from where `run` stopped; leaving the iteration leaves the run where the last step ended.

    Raises:
        InvalidInput: The file as a whole cannot be used.
        Conflict: Another process is at this run just now; it goes on.
    """
    resumed_after = run.lines_read
    with path.open("rb") as file:
        for batch in _batches(files.read(file, source=run.source, skip_lines=resumed_after)):
            run.bytes_read = file.tell()
            refused = _take(run, batch)
            reset_queries()  # with DEBUG=1 Django keeps the text of every insert
            yield Step(run, refused, run.bytes_read, resumed_after)
    run.state, run.bytes_read = ImportState.DONE, path.stat().st_size
    run.save(update_fields=["state", "bytes_read", "updated_at"])
    yield Step(run, [], run.bytes_read, resumed_after)


def _batches(lines: Iterator[Line | BadLine]) -> Iterator[list[Line | BadLine]]:
    batch: list[Line | BadLine] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += line.size if isinstance(line, Line) else 0
        if len(batch) == BATCH_LINES or size > BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _begin(path: Path, *, source: str, by: User) -> Import:
    """The unfinished run of the same file and source, or a new one."""
    digest = files.digest_of(path)
    unfinished = Import.objects.filter(
        digest=digest, source=source, state=ImportState.RUNNING, upload=""
    )
    return unfinished.order_by("-id").first() or Import.objects.create(
        name=path.name[:255], digest=digest, source=source, by=by
    )


def _take(run: Import, batch: list[Line | BadLine]) -> list[BadLine]:
    """Store one batch and count it, in one transaction. Returns the refused lines."""
    good, refused = _sorted_out(batch)
    with transaction.atomic():
        _check_still_ours(run)
        received = receive_many([line.ticket for line in good], import_run=run, is_urgent=False)
        for line, stored in zip(good, received, strict=True):
            if stored.is_new:
                run.new += 1
            elif stored.ticket.import_run_id == run.pk:
                refused.append(_doubled(line))
            else:
                run.known += 1
        run.refused += len(refused)
        run.problems += [_problem(line) for line in refused[: PROBLEMS_KEPT - len(run.problems)]]
        run.unmapped += sum(line.unmapped for line in good)
        run.lines_read = max(line.number for line in batch)
        run.save()
    return sorted(refused, key=lambda line: line.number)


def _problem(line: BadLine) -> dict[str, Any]:
    return {"line": line.number, "reason": line.reason[:300]}


def _check_still_ours(run: Import) -> None:
    """Lock the run, and find it where we left it."""
    lines_read = Import.objects.select_for_update().values_list("lines_read", flat=True)
    underway = (ImportState.QUEUED, ImportState.RUNNING)
    if lines_read.filter(pk=run.pk, state__in=underway).first() != run.lines_read:
        raise Conflict("another process is importing this file; let it finish")


def _sorted_out(batch: list[Line | BadLine]) -> tuple[list[Line], list[BadLine]]:
    """The usable lines, each id once, and the others."""
    good: dict[str, Line] = {}
    refused: list[BadLine] = []
    for line in batch:
        if isinstance(line, BadLine):
            refused.append(line)
        elif line.ticket.external_id in good:
            refused.append(_doubled(line))
        else:
            good[line.ticket.external_id] = line
    return list(good.values()), refused


def _doubled(line: Line) -> BadLine:
    external_id = line.ticket.external_id
    if external_id.startswith(CONTENT_ID):
        return BadLine(line.number, "the same text stands on an earlier line")
    return BadLine(line.number, f"external_id {external_id[:60]!r} stands on an earlier line")
