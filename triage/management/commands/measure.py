"""`measure`: what a plan only assumes, measured with Claude on labelled tickets, for a price that is named first."""

from argparse import ArgumentParser
from pathlib import Path
from time import sleep
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from accounts.models import User
from triage.exceptions import TriageError
from triage.models import Evaluation, EvaluationState
from triage.services import batches
from triage.services.evaluation.advancing import Next, advance
from triage.services.evaluation.planning.measured_told import told
from triage.services.evaluation.planning.measuring import (
    LIVE_TICKETS,
    PACKED,
    Pair,
    measure,
    propose_both,
)
from triage.services.evaluation.planning.outlook import look
from triage.services.evaluation.reading import progress_of
from triage.services.evaluation.running import resume, start
from triage.types import usd

LOOK_SECONDS = 1.0
NO_KEY = (
    "there is no key: set ANTHROPIC_API_KEY to measure Claude, or TRIAGE_SIMULATOR=1 to try this with the simulator, whose"
    " answers say nothing of Claude"
)
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())


class Command(BaseCommand):
    help = (
        "Ask both models about labelled tickets of a file, and print accuracy, calibration, escalation, packing, cost, cache and"
        " latency, and the cost plan from these. Names its price first and never spends more; can be stopped and gone on with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="CSV or JSONL")
        parser.add_argument("--tickets", type=int, default=500, help="at most so many (500)")
        parser.add_argument(
            "--live-tickets", type=int, default=LIVE_TICKETS, help="of them asked live (100)"
        )
        parser.add_argument(
            "--tickets-a-call", type=int, default=PACKED, help="in a packed call (10)"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before it costs money")
        parser.add_argument(
            "--go-on",
            nargs=2,
            type=int,
            metavar=("BATCHED", "LIVE"),
            help="go on with two evaluations that were begun, instead of a file",
        )

    def handle(
        self, *args: Any, file: Path | None, yes: bool, go_on: list[int] | None, **options: Any
    ) -> None:
        if not (settings.ANTHROPIC_API_KEY or settings.TRIAGE_SIMULATOR):
            raise CommandError(NO_KEY)
        if (file is None) == (go_on is None):
            raise CommandError("give a FILE of labelled tickets, or --go-on with two evaluations")
        try:
            pair = self._propose(file, options) if file else _find(*go_on or ())
            if not self._is_agreed(pair, is_asked=not yes):
                self.stdout.write(f"Nothing was asked. {_again(pair)}")
                return
            for evaluation in pair.both:
                self._run(evaluation, pair)
            measured = measure(pair)
            self.stdout.write(told(measured, look(measured.figures)))
        except (TriageError, OSError) as error:
            raise CommandError(str(error)) from error

    def _propose(self, file: Path, options: dict[str, Any]) -> Pair:
        return propose_both(
            file,
            tickets=options["tickets"],
            live_tickets=options["live_tickets"],
            tickets_a_call=options["tickets_a_call"],
            by=User.objects.system(),
        )

    def _is_agreed(self, pair: Pair, *, is_asked: bool) -> bool:
        """Tell the price, and whether it may be spent."""
        self.stdout.write(
            f"{pair.batched.quote['tickets']:,} tickets in batches, {pair.live.quote['tickets']:,} live: about "
            f"${usd(pair.expected_nanousd):,.2f}, at most ${usd(pair.most_nanousd):,.2f}; never more is spent."
        )
        for evaluation in pair.both:
            for finding in evaluation.findings:
                self.stdout.write(f"{evaluation.name}: {finding['words']}")
        if settings.TRIAGE_SIMULATOR:
            self.stdout.write("SIMULATED: the simulator answers and bills; nothing is paid.")
        return not is_asked or _says_yes()

    def _run(self, evaluation: Evaluation, pair: Pair) -> None:
        """Until it is over; workers that are there help."""
        _begin(evaluation)
        with Progress(*COLUMNS, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(evaluation.name, total=None)
            while evaluation.state == EvaluationState.RUNNING:
                following = advance(evaluation.pk)
                evaluation.refresh_from_db()
                now = progress_of(evaluation)
                bar.update(task, completed=now.done, total=now.total)
                self._wait(following)
        if evaluation.state != EvaluationState.DONE:
            raise CommandError(f"“{evaluation}” ended: {evaluation.error}. {_again(pair)}")

    def _wait(self, following: Next) -> None:
        """Step the batches here too, so that nothing waits for the clock of the workers."""
        if following == Next.BATCHES:
            for problem in batches.advance_all():
                self.stderr.write(f"{problem} It is tried again.")
        if following != Next.MORE:
            sleep(LOOK_SECONDS)


def _says_yes() -> bool:
    try:
        return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _begin(evaluation: Evaluation) -> None:
    system = User.objects.system()
    is_new = evaluation.state == EvaluationState.QUOTED
    (start if is_new else resume)(evaluation.pk, by=system)
    evaluation.refresh_from_db()


def _find(batched: int, live: int) -> Pair:
    """Raises CommandError where they are no such pair."""
    found = Evaluation.objects.in_bulk([batched, live])
    if len(found) != 2:
        raise CommandError(f"there are no evaluations {batched} and {live}")
    pair = Pair(found[batched], found[live])
    if len(pair.batched.configurations) != 2 or pair.live.is_batch:
        raise CommandError(f"evaluations {batched} and {live} were not begun by this command")
    return pair


def _again(pair: Pair) -> str:
    return f"Go on with: measure --go-on {pair.batched.pk} {pair.live.pk}"
