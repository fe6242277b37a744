"""`triage`: send what waits to the workers, and with `--wait` watch until it is finished."""

from argparse import ArgumentParser
from time import monotonic, sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from triage.selectors import agreement
from triage.services import classification, health
from triage.services.classification import Progress as Counts

LOOK_SECONDS = 1.0
STUCK_SECONDS = 180.0


class Command(BaseCommand):
    help = "Triage the tickets that wait."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="send at most this many")
        parser.add_argument("--wait", action="store_true", help="wait until they are finished")

    def handle(self, *args: Any, limit: int | None, wait: bool, **options: Any) -> None:
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if not health.report()["workers"]:
            raise CommandError("no worker is running; start the application with `make run`")
        started = monotonic()
        before = classification.progress()
        sent = sum(classification.enqueue_waiting(limit))
        self.stdout.write(f"{sent:,} tickets sent to the workers.")
        if wait and sent:
            self._watch(before, sent)
            seconds = monotonic() - started
            self.stdout.write(f"Finished in {seconds:,.0f} s ({sent / seconds:,.1f} tickets/s).")
        if wait:
            self._report()

    def _watch(self, before: Counts, sent: int) -> None:
        """Follow the bar until as many are finished as were sent; new ones that come in meanwhile count too."""
        columns = (TextColumn("triaging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        finished, last_change = 0, monotonic()
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("triage", total=sent)
            while (now := classification.progress()).waiting and finished < sent:
                if now.finished - before.finished != finished:
                    finished, last_change = now.finished - before.finished, monotonic()
                    bar.update(task, completed=finished)
                if monotonic() - last_change > STUCK_SECONDS:
                    raise CommandError(
                        f"no progress for {STUCK_SECONDS:.0f} s; see the workers' logs"
                    )
                sleep(LOOK_SECONDS)
            bar.update(task, completed=sent)

    def _report(self) -> None:
        counts = classification.progress()
        self.stdout.write(
            f"{counts.done:,} done, {counts.skipped:,} skipped (will be caught up), "
            f"{counts.failed:,} failed, {counts.waiting:,} waiting."
        )
        known = agreement.with_known_labels()
        if known.compared:
            self.stdout.write(
                f"Agreement with the known labels (split=test only): {known.agreed:,} of "
                f"{known.compared:,} = {known.share:.1%}{known.remark}."
            )
