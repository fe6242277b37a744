"""Files that come through the API: kept in a folder, read by the `bulk` worker in slices, gone when they are read.

A slice lasts at most SLICE_SECONDS and enqueues the next; the sweeper finds an import whose worker died.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Import
from triage.models.imports import ImportState
from triage.queue import TaskName, enqueue
from triage.services.intake import files
from triage.services.intake.importing import check_source, read_into

SLICE_SECONDS = 50.0
STALLED = timedelta(seconds=120)  # a slice says how far it is every few seconds
NAME_MAX_CHARACTERS = 255
LOST = "The uploaded file is gone. Upload it again: what was read is not brought twice."
UNDERWAY = (ImportState.QUEUED, ImportState.RUNNING)
log = structlog.get_logger(__name__)


def accept(chunks: Iterable[bytes], *, name: str, source: str, by: User) -> Import:
    """Keep the file and have it read soon.

    Raises:
        InvalidInput: The file is empty, or the source is unusable; nothing is kept.
    """
    check_source(source)
    path = _folder() / uuid4().hex
    try:
        size = _write(path, chunks)
        if not size:
            raise InvalidInput("file", "is empty")
        with transaction.atomic():
            run = Import.objects.create(
                name=Path(name).name[:NAME_MAX_CHARACTERS] or "upload",
                digest=files.digest_of(path),
                source=source or Path(name).stem[:60],
                state=ImportState.QUEUED,
                by=by,
                upload=path.name,
                size_bytes=size,
                enqueued_at=timezone.now(),
            )
            enqueue(TaskName.READ_UPLOAD, run.pk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return run


def read_slice(import_id: int) -> None:
    """Read on for SLICE_SECONDS. Safe to run twice: who is slower gives way."""
    run = Import.objects.filter(pk=import_id, state__in=UNDERWAY).first()
    if run is None:
        return
    try:
        is_done = _read(run, until=monotonic() + SLICE_SECONDS)
    except Conflict:
        return
    except InvalidInput as error:
        _fail(run, str(error))
    except FileNotFoundError:
        _fail(run, LOST)
    else:
        if is_done:
            _path(run).unlink(missing_ok=True)
        else:
            enqueue(TaskName.READ_UPLOAD, run.pk)


def sweep_uploads() -> None:
    """Send imports again that nobody is reading."""
    stalled = Import.objects.exclude(upload="").filter(
        state__in=UNDERWAY, updated_at__lt=timezone.now() - STALLED
    )
    for import_id in stalled.values_list("pk", flat=True):
        Import.objects.filter(pk=import_id).update(updated_at=timezone.now())
        enqueue(TaskName.READ_UPLOAD, import_id)


def _read(run: Import, *, until: float) -> bool:
    """Whether the whole file is read."""
    run.state = ImportState.RUNNING
    for _ in read_into(run, _path(run)):
        if monotonic() > until:
            break
    return run.state == ImportState.DONE


def _fail(run: Import, message: str) -> None:
    run.state, run.error = ImportState.FAILED, message[:500]
    run.save(update_fields=["state", "error", "updated_at"])
    _path(run).unlink(missing_ok=True)
    log.warning("an import failed", import_id=run.pk, error=message)


def _write(path: Path, chunks: Iterable[bytes]) -> int:
    """How many bytes there were."""
    with path.open("wb") as file:
        return sum(file.write(chunk) for chunk in chunks)


def _path(run: Import) -> Path:
    return _folder() / run.upload


def _folder() -> Path:
    """Made when it is first needed; readable to nobody else."""
    folder: Path = settings.TRIAGE_UPLOADS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
