"""`triage`: send what waits to the workers, or in batches to the provider, and with `--wait` watch until it is finished."""

from argparse import ArgumentParser
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import pluralize
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from triage.exceptions import TriageError
from triage.selectors import agreement
from triage.services import batches, classification, health
from triage.services.classification import Progress as Counts

LOOK_SECONDS = 1.0
STUCK_SECONDS = 180.0
PRICE_NOTE = "Lines in a batch cost half of the live price; most batches end within an hour, all within a day."


class Command(BaseCommand):
    help = "Triage the tickets that wait."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="send at most this many")
        parser.add_argument("--wait", action="store_true", help="wait until they are finished")
        parser.add_argument(
            "--batch", action="store_true", help="hand them in as Message Batches, at half price"
        )

    def handle(
        self, *args: Any, limit: int | None, wait: bool, batch: bool, **options: Any
    ) -> None:
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if not health.is_a_worker_there():
            raise CommandError("no worker is running; start the application with `make run`")
        started = monotonic()
        before = classification.progress()
        sent = self._submit(limit) if batch else self._send(limit)
        if wait and sent:
            self._watch(before, sent, is_going_on=_advance if batch else _wait_for_workers)
            seconds = monotonic() - started
            self.stdout.write(f"Finished in {seconds:,.0f} s ({sent / seconds:,.1f} tickets/s).")
        if wait:
            self._report()

    def _send(self, limit: int | None) -> int:
        sent = sum(classification.enqueue_waiting(limit))
        self.stdout.write(f"{sent:,} tickets sent to the workers.")
        return sent

    def _submit(self, limit: int | None) -> int:
        """How many tickets wait for a batch now, or are triaged with a stored reply."""
        try:
            done = batches.submit_backfill(limit)
        except TriageError as error:
            raise CommandError(str(error)) from error
        if done.refusal and not done.runs:
            raise CommandError(f"nothing was submitted. {done.refusal}")
        self.stdout.write(
            f"{done.lines:,} ticket{pluralize(done.lines)} in {done.batches:,} "
            f"batch{pluralize(done.batches, 'es')}; {done.reused:,} more need no line of their own."
        )
        if done.refusal:
            self.stdout.write(f"The others wait as before. {done.refusal}")
        self.stdout.write(PRICE_NOTE)
        if settings.TRIAGE_SIMULATOR:
            self.stdout.write("Prices and answers are simulated: they come from the simulator.")
        for problem in batches.advance_all():
            self.stderr.write(f"{problem} The workers try it again.")
        return done.runs

    def _watch(self, before: Counts, sent: int, *, is_going_on: Callable[[], bool]) -> None:
        """Follow the bar until as many are finished as were sent; new ones that come in meanwhile count too.

        Args:
            is_going_on: Whether it is no wonder that nothing finishes just now.
        """
        columns = (TextColumn("triaging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        finished, last_change = 0, monotonic()
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("triage", total=sent)
            while (now := classification.progress()).waiting and finished < sent:
                if now.finished - before.finished != finished or is_going_on():
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


def _advance() -> bool:
    """Step the batches here too, so that nothing waits for the clock of the workers; whether some are underway."""
    batches.advance_all()
    return batches.progress().runs > 0


def _wait_for_workers() -> bool:
    return False
