"""`import_tickets FILE`: tickets from CSV or JSONL; again is safe, interrupted is resumed."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Import
from triage.services.intake.files import BadLine
from triage.services.intake.importing import import_tickets

REFUSALS_SHOWN = 50


class Command(BaseCommand):
    help = "Import tickets from a CSV or JSONL file. Running it again brings nothing twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", help="where the ids come from; by default the file's name")

    def handle(self, *args: Any, file: Path, source: str | None, **options: Any) -> None:
        try:
            run, refused = self._import(file, source or file.stem[:60])
        except (InvalidInput, Conflict) as error:
            raise CommandError(f"{file}: {error}") from error
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What was read is stored; the same command goes on from there.",
                returncode=130,
            ) from None
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        self._report(run, refused)

    def _import(self, file: Path, source: str) -> tuple[Import, list[BadLine]]:
        refused: list[BadLine] = []
        columns = (TextColumn("importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("import", total=file.stat().st_size)
            for step in import_tickets(file, source=source, by=User.objects.system()):
                refused += step.refused[: REFUSALS_SHOWN - len(refused)]
                bar.update(task, completed=step.bytes_read)
        if step.resumed_after:
            self.stdout.write(
                f"Resumed after line {step.resumed_after:,} of an interrupted import."
            )
        return step.run, refused

    def _report(self, run: Import, refused: list[BadLine]) -> None:
        for line in refused:
            self.stderr.write(f"line {line.number:,}: {line.reason}")
        if run.refused > len(refused):
            self.stderr.write(f"… and {run.refused - len(refused):,} more refused lines")
        self.stdout.write(
            f"{run.new:,} new, {run.known:,} known, {run.refused:,} refused, "
            f"{run.unmapped:,} values kept as custom fields."
        )
        if run.new:
            self.stdout.write(
                "Triage takes them in turn; `python manage.py triage --wait` does it now."
            )
