"""`roll_up`: bring the figures of the admin pages up to date now, as the workers do twice a minute; or sum them all anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import Progress, TextColumn

from triage.services import rollups


class Command(BaseCommand):
    help = (
        "Add up what has changed since the last time. With --rebuild everything is added up anew from the ledger, a day at a"
        " time; days whose calls were pruned keep what they had. Can be stopped and run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="add up everything anew")

    def handle(self, *args: Any, rebuild: bool, **options: Any) -> None:
        if rebuild:
            self._rebuild()
        if not rollups.refresh():
            self.stdout.write("A worker is adding up right now; the rest is left to it.")
            return
        self.stdout.write("The figures are up to date.")

    def _rebuild(self) -> None:
        columns = (TextColumn("adding up {task.description}"),)
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            rollups.rebuild(tell=lambda day: bar.update(task, description=f"{day:%-d %B %Y}"))
