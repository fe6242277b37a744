"""`import_labels FILE`: a taxonomy version from the labels that an import file names."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from triage.exceptions import InvalidInput
from triage.services.intake.labels import import_labels


class Command(BaseCommand):
    help = (
        "Make and publish labels from the `label` names of a file; examples from split=train only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="retire labels not in the file")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            done = import_labels(file, replace=replace, by=User.objects.system())
        except InvalidInput as error:
            raise CommandError(f"{file}: {error}") from error
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        self.stdout.write(
            f"{done.created} new labels, {done.updated} updated, {done.retired} retired; published as "
            f"taxonomy {done.version.number} with {len(done.version.labels)} labels."
        )
        if done.refused_lines:
            self.stderr.write(
                f"{done.refused_lines:,} lines could not be read; import_tickets names them."
            )
