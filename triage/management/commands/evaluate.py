"""`evaluate FILE`: what triage says to tickets whose label is known, for a price that is named first."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from time import sleep
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from accounts.models import User
from triage.exceptions import TriageError
from triage.models import Evaluation, EvaluationState, TaxonomyVersion
from triage.services import batches
from triage.services.evaluation import reporting, running
from triage.services.evaluation.advancing import Next, advance
from triage.services.evaluation.configurations import Configuration, in_force, parse_changes
from triage.services.evaluation.reading import progress_of, spent_nanousd
from triage.services.evaluation.sampling import (
    LIMIT,
    ConfirmedSource,
    CorrectedSource,
    FileSource,
    Source,
)
from triage.types import NANOUSD_PER_USD, usd

LOOK_SECONDS = 1.0
COLUMNS = (TextColumn("evaluating"), BarColumn(), MofNCompleteColumn())
CHANGES = {
    "a": "other than what decides now, as apply=0.9",
    "b": "a second way to compare, other than the first one",
}
EXPORTS: Mapping[str, Callable[[Evaluation], Iterable[str]]] = {
    "json": lambda evaluation: [reporting.as_json(evaluation)],
    "csv": reporting.csv_rows,
    "html": lambda evaluation: [reporting.as_html(evaluation)],
}


class Command(BaseCommand):
    help = (
        "Ask what the cascade says to labelled tickets, and compare. Names findings and price first, and never spends more. Can "
        "be stopped and resumed; nothing is paid twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("file", nargs="?", type=Path, metavar="FILE", help="CSV or JSONL")
        source.add_argument(
            "--confirmed", action="store_true", help="tickets whose label a person has confirmed"
        )
        source.add_argument(
            "--corrected", action="store_true", help="a sample of corrected tickets"
        )
        source.add_argument("--resume", type=int, metavar="ID", help="go on with an evaluation")
        parser.add_argument("--limit", type=int, default=LIMIT, help=f"tickets ({LIMIT:,})")
        parser.add_argument("--seed", type=int, default=0, help="of the random sample (0)")
        self._add_configurations(parser)
        parser.add_argument("--live", action="store_true", help="not in batches: at full price")
        parser.add_argument("--budget", type=dollars, metavar="USD", help="never spend more")
        parser.add_argument("--name", default="", help="by default the file's")
        parser.add_argument("--yes", action="store_true", help="do not ask before it costs money")
        for kind in EXPORTS:
            parser.add_argument(f"--{kind}", type=Path, metavar="OUT", help=f"write {kind.upper()}")

    def _add_configurations(self, parser: ArgumentParser) -> None:
        for name, words in CHANGES.items():
            parser.add_argument(
                f"--{name}", nargs="+", metavar="FIELD=VALUE", default=[], help=words
            )

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        try:
            evaluation = self._evaluation(options)
            self._tell_quote(evaluation)
            if evaluation.state != EvaluationState.DONE:
                if not yes and not _says_yes():
                    self.stdout.write(f"Nothing was asked. {_again(evaluation)}")
                    return
                self._run(evaluation, options["budget"])
            self._tell_results(evaluation)
            self._export(evaluation, options)
        except TriageError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error

    def _evaluation(self, options: dict[str, Any]) -> Evaluation:
        """The one to go on with, or a new one, quoted."""
        if options["resume"] is not None:
            found = Evaluation.objects.filter(pk=options["resume"]).first()
            if found is None:
                raise CommandError(f"there is no evaluation {options['resume']}")
            return found
        return running.propose(
            _source(options),
            configurations=_configurations(options["a"], options["b"]),
            by=User.objects.system(),
            name=options["name"],
            is_batch=not options["live"],
            seed=options["seed"],
            budget_nanousd=options["budget"],
        )

    def _tell_quote(self, evaluation: Evaluation) -> None:
        quote = evaluation.quote
        for finding in evaluation.findings:
            self.stdout.write(f"- {finding['words']}{_numbers(finding['numbers'])}")
        low, high = quote["minutes"]
        way, other = ("in batches", "live") if evaluation.is_batch else ("live", "in batches")
        self.stdout.write(
            f"Evaluation {evaluation.pk}: {quote['tickets']:,} tickets {way}, about ${usd(quote['expected_nanousd']):,.4f} in "
            f"{low:,} to {high:,} minutes ({other}: ${usd(quote['other_way_nanousd']):,.4f}); at most "
            f"${usd(evaluation.budget_nanousd):,.4f} is spent. {quote['basis']}"
        )
        if settings.TRIAGE_SIMULATOR:
            self.stdout.write("Simulated: the simulator answers and bills, and nothing is paid.")

    def _run(self, evaluation: Evaluation, budget_nanousd: int | None) -> None:
        """Until it is over; workers that are there help."""
        _begin(evaluation, budget_nanousd)
        try:
            self._watch(evaluation)
        except KeyboardInterrupt:
            running.cancel(evaluation.pk, by=User.objects.system())
            raise CommandError(
                f"Stopped. What was answered is kept. {_again(evaluation)}", returncode=130
            ) from None
        if evaluation.state != EvaluationState.DONE:
            raise CommandError(f"ended early: {evaluation.error}. {_again(evaluation)}")

    def _watch(self, evaluation: Evaluation) -> None:
        with Progress(*COLUMNS, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("evaluate", total=None)
            while evaluation.state == EvaluationState.RUNNING:
                following = advance(evaluation.pk)
                evaluation.refresh_from_db()
                now = progress_of(evaluation)
                bar.update(task, completed=now.done, total=now.total)
                self._wait(following)

    def _wait(self, following: Next) -> None:
        """Step the batches here too, so that nothing waits for the clock of the workers."""
        if following == Next.BATCHES:
            for problem in batches.advance_all():
                self.stderr.write(f"{problem} It is tried again.")
        if following != Next.MORE:
            sleep(LOOK_SECONDS)

    def _tell_results(self, evaluation: Evaluation) -> None:
        results = evaluation.results or {}
        remark = " (simulated)" if results.get("is_simulated") else ""
        for each in results.get("configurations", []):
            right = each["accuracy"]
            self.stdout.write(
                f"{each['name']}: {right['part']:,} of {right['whole']:,} right{remark}; the truth is between "
                f"{right['low']:.1%} and {right['high']:.1%} (95 %)."
            )
        self.stdout.write(results.get("sentence", ""))
        self.stdout.write(f"Spent: ${usd(spent_nanousd(evaluation)):,.4f}{remark}.")

    def _export(self, evaluation: Evaluation, options: dict[str, Any]) -> None:
        for kind, parts in EXPORTS.items():
            if path := options[kind]:
                with path.open("w", encoding="utf-8", newline="") as file:
                    file.writelines(parts(evaluation))
                self.stdout.write(f"Written: {path}")


def dollars(text: str) -> int:
    """Whole nano-dollars of a number of dollars above 0. Raises ValueError."""
    try:
        nanousd = int(Decimal(text.removeprefix("$")) * NANOUSD_PER_USD)
    except (InvalidOperation, OverflowError):
        raise ValueError(text) from None
    if nanousd <= 0:
        raise ValueError(text)
    return nanousd


def _source(options: dict[str, Any]) -> Source:
    limit = options["limit"]
    if options["confirmed"]:
        return ConfirmedSource(limit)
    if options["corrected"]:
        return CorrectedSource(limit)
    return FileSource(options["file"], options["file"].name, limit)


def _configurations(a: list[str], b: list[str]) -> list[Configuration]:
    """What decides now with the changes of `--a`, and that with those of `--b`, if there are any."""
    changes = [parse_changes(a)] + ([parse_changes(a) | parse_changes(b)] if b else [])
    made = [in_force(**each) for each in changes]
    known = TaxonomyVersion.objects.filter(pk__in=[each.taxonomy_version_id for each in made])
    if known.count() < len({each.taxonomy_version_id for each in made}):
        raise CommandError("taxonomy_version_id: there is no such version")
    return made


def _begin(evaluation: Evaluation, budget_nanousd: int | None) -> None:
    system = User.objects.system()
    if evaluation.state == EvaluationState.QUOTED:
        running.start(evaluation.pk, by=system)
    else:
        running.resume(evaluation.pk, by=system, budget_nanousd=budget_nanousd)
    evaluation.refresh_from_db()


def _says_yes() -> bool:
    try:
        return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _again(evaluation: Evaluation) -> str:
    return f"`python manage.py evaluate --resume {evaluation.pk}` goes on."


def _numbers(numbers: list[int]) -> str:
    return f" First: {', '.join(map(str, numbers))}." if numbers else ""
