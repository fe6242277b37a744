"""`prune`: delete what has been kept for long enough. The workers do the same every night."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import Progress, TextColumn

from triage.services import pruning


class Command(BaseCommand):
    help = (
        "Delete what is kept for a time only, once that is over: prompts, stored replies, answers by Idempotency-Key, changes of"
        " many tickets, calls and attempts (what they add up to stays), webhook deliveries and events. Can be stopped and run"
        " again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, only count")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        pruned = pruning.count() if dry_run else self._prune()
        verb = "to be removed" if dry_run else "removed"
        for table, rows in pruned.rows.items():
            self.stdout.write(f"{table}: {rows:,} {verb}")

    def _prune(self) -> pruning.Pruned:
        columns = (TextColumn("pruning {task.description}"), TextColumn("{task.completed:,}"))
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            return pruning.prune(
                tell=lambda table, rows: bar.update(task, description=table, completed=rows)
            )
