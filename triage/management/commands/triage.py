"""`triage`: send what waits to the workers, and with `--wait` watch until it is finished."""

from argparse import ArgumentParser
from time import monotonic, sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from triage.selectors import agreement
from triage.services import classification, health

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
        sent = classification.enqueue_waiting(limit)
        self.stdout.write(f"{sent:,} tickets sent to the workers.")
        if wait:
            self._watch(sent)
            self._report()

    def _watch(self, sent: int) -> None:
        started = monotonic()
        waiting_before = classification.progress().waiting
        target = max(0, waiting_before - sent)
        columns = (TextColumn("triaging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        last_change = monotonic()
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("triage", total=waiting_before - target)
            waiting = waiting_before
            while waiting > target:
                sleep(LOOK_SECONDS)
                now = classification.progress().waiting
                if now != waiting:
                    last_change = monotonic()
                waiting = now
                bar.update(task, completed=waiting_before - waiting)
                if monotonic() - last_change > STUCK_SECONDS:
                    raise CommandError(
                        f"no progress for {STUCK_SECONDS:.0f} s; see the workers' logs"
                    )
        seconds = monotonic() - started
        rate = sent / seconds if seconds else 0
        self.stdout.write(f"Finished in {seconds:,.0f} s ({rate:,.1f} tickets/s).")

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
