"""`reconcile`: the ledger against what the provider says it has billed."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress

from triage.exceptions import InvalidInput
from triage.services.gateway.accounts import Account, read_bill, read_export
from triage.services.gateway.reconciling import Report, reconcile

EXPORT_SETTLE_SECONDS = 600.0  # usage appears in the provider's reports within minutes


class Command(BaseCommand):
    help = (
        "Compare the ledger with the provider's account and settle the attempts whose cost is unsure. Against the simulator its"
        " bill is read; otherwise give an export of the Usage API by minute, grouped by model (and service tier)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=moment, help="ISO time, UTC unless it has a zone")
        parser.add_argument("--until", type=moment, help="ISO time, UTC unless it has a zone")
        parser.add_argument(
            "--usage", type=Path, metavar="FILE", help="a usage export, JSON or CSV"
        )
        parser.add_argument(
            "--settle",
            type=float,
            metavar="SECONDS",
            help="the account may lack what is younger; default 0 for the simulator, 600 for exports",
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing")

    def handle(
        self,
        *args: Any,
        since: datetime | None,
        until: datetime | None,
        usage: Path | None,
        settle: float | None,
        dry_run: bool,
        **options: Any,
    ) -> None:
        if settle is None:
            settle = EXPORT_SETTLE_SECONDS if usage else 0.0
        try:
            with Progress(console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task("reconciling", total=1.0)
                report = reconcile(
                    self._reader(usage),
                    since=since,
                    until=until,
                    settle=timedelta(seconds=settle),
                    is_dry_run=dry_run,
                    note=self.stdout.write,
                    on_progress=lambda share: bar.update(task, completed=share),
                )
        except InvalidInput as error:
            raise CommandError(f"{usage}: {error.message}") from error
        except OSError as error:
            raise CommandError(f"the account cannot be read: {error}") from error
        self._tell(report, is_dry_run=dry_run)

    def _reader(self, usage: Path | None) -> Callable[[datetime], Account]:
        if usage:
            return lambda _: read_export(usage)
        if settings.TRIAGE_SIMULATOR:
            return lambda now: read_bill(settings.ANTHROPIC_BASE_URL, now=now)
        raise CommandError("give the provider's account with --usage FILE")

    def _tell(self, report: Report, *, is_dry_run: bool) -> None:
        if report.span:
            simulated = " (simulated)" if settings.TRIAGE_SIMULATOR else ""
            verb = "would be" if is_dry_run else "were"
            self.stdout.write(
                f"{report.span.since:%Y-%m-%d %H:%M:%S} to {report.span.until:%Y-%m-%d %H:%M:%S} UTC: {report.compared:,} "
                f"attempts compared; {report.resolved + report.not_billed:,} unsure ones {verb} settled, "
                f"{report.not_billed:,} of them as not billed."
            )
            self.stdout.write(f"{report}{simulated}")
        else:
            self.stdout.write("The account covers none of this time; nothing was compared.")
        if report.before:
            self.stdout.write(
                f"{report.before:,} attempts are older than the account and were not compared."
            )
        if not report.agrees:
            raise CommandError(f"{report.differences:,} differences")


def moment(text: str) -> datetime:
    """A moment of an argument. Raises ValueError, which argparse shows as a bad value."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
