"""`check_models`: whether the models on the routes are still served, and until when."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from triage.exceptions import AttemptFailed
from triage.services.gateway import life
from triage.services.gateway.life import Checked


class Command(BaseCommand):
    help = "Ask the provider about every model on every route; warn of those that retire."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checked = life.check_models()
        except AttemptFailed as error:
            raise CommandError(f"the models cannot be looked up: {error}") from error
        self.stdout.write(_table(checked))
        if settings.TRIAGE_SIMULATOR:
            self.stdout.write("These answers come from the simulator.")
        for each in checked:
            if each.is_retiring:
                self.stderr.write(f"{each.model} retires in {each.days_left} days.")
        if broken := [each for each in checked if each.trouble]:
            raise CommandError(", ".join(f"{each.model} is {each.trouble}" for each in broken))


def _table(checked: list[Checked]) -> str:
    table = Table("Model", "Lifecycle", "Retires", "Days left", "Routes")
    for each in checked:
        ends = f"{each.retires_at:%Y-%m-%d}" if each.retires_at else "–"
        days = str(each.days_left) if each.days_left is not None else "–"
        features = ", ".join(each.features)
        table.add_row(each.model, each.trouble or each.lifecycle, ends, days, features)
    console = Console(width=100)
    with console.capture() as capture:
        console.print(table)
    return capture.get()
