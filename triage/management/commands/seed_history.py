"""`seed_history`: a simulated history that ends now, for trying out the admin pages at any size."""

from argparse import ArgumentParser
from contextlib import closing
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from triage.exceptions import InvalidInput
from triage.services import history
from triage.services.history import Step, Wish


class Command(BaseCommand):
    help = (
        "Write a simulated history: calls and attempts of all features, tickets, runs, drafts, and what people made of them."
        " Nothing is asked of Claude. Run again, it adds as much once more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--attempts", type=int, required=True, metavar="N")
        parser.add_argument("--days", type=int, default=30, help="UTC days up to now; default 30")
        parser.add_argument(
            "--tickets", type=int, help="default: 0.6 of the attempts, at most a million"
        )
        parser.add_argument("--seed", type=int, default=0, help="another number, another history")
        parser.add_argument(
            "--yes", action="store_true", help="also beside a history that is no simulation"
        )

    def handle(
        self,
        *args: Any,
        attempts: int,
        days: int,
        tickets: int | None,
        seed: int,
        yes: bool,
        **options: Any,
    ) -> None:
        if history.has_real_history() and not yes:
            raise CommandError(
                "Calls to Claude stand in this ledger. Simulated ones could not be told from them and not be taken out again;"
                " give --yes if you want them all the same."
            )
        self.stdout.write("Everything that is written now is simulated: nobody has paid for it.")
        wish = Wish(attempts=attempts, days=days, tickets=tickets, seed=seed)
        started = monotonic()
        try:
            last = self._seed(wish)
            written = monotonic() - started
            self._finish(last, wish)
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{last.attempts:,} simulated attempts of {wish.all_tickets:,} tickets in {written:.1f} s"
            f" ({last.attempts / written:,.0f} a second); figures of the pages after {monotonic() - started:.1f} s."
        )

    def _seed(self, wish: Wish) -> Step:
        columns = (
            TextColumn("writing attempts"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        last: Step | None = None
        try:
            with (
                Progress(*columns, console=Console(stderr=True), transient=True) as bar,
                closing(history.seed(wish, now=timezone.now())) as steps,
            ):
                task = bar.add_task("", total=wish.attempts)
                for last in steps:
                    bar.update(task, completed=last.attempts)
        except KeyboardInterrupt:
            done = f"{last.attempts:,} attempts of {last.days} days" if last else "No whole day"
            raise CommandError(
                f"Stopped. {done} had been written; days that were underway were ended too, so that each is whole."
                " `manage.py roll_up --rebuild` brings the figures of the pages up to date.",
                returncode=130,
            ) from None
        if last is None:
            raise CommandError("There was no day to write.")
        return last

    def _finish(self, last: Step, wish: Wish) -> None:
        columns = (TextColumn("summing days"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=wish.days)
            history.finish(last.starts_at, tell=lambda _day: bar.advance(task))
