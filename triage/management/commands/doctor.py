"""`doctor`: whether the installation has all it needs, and how to mend what is missing."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from triage.services import doctor
from triage.services.doctor import Checked, State

COLORS = {State.OK: "green", State.WARNING: "yellow", State.BROKEN: "red"}


class Command(BaseCommand):
    help = (
        "Look at everything the application needs, in at most five seconds; the exit code is 1 if something is broken. Asks the"
        " provider once, which is free; sends no mail and writes nothing."
    )
    requires_system_checks = []  # they are among what is looked at

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        checked = doctor.run(doctor.PROBES)
        self.stdout.write(_json(checked) if json else _table(checked))
        broken = [each.probe.title for each in checked if each.found.state is State.BROKEN]
        if broken:
            raise CommandError(f"broken: {', '.join(broken)}")


def _json(checked: list[Checked]) -> str:
    probes = [
        {
            "name": each.probe.name,
            "title": each.probe.title,
            "state": each.found.state,
            "found": each.found.text,
            "fix": each.found.fix,
        }
        for each in checked
    ]
    return json.dumps({"state": doctor.worst(checked), "probes": probes}, indent=2)


def _table(checked: list[Checked]) -> str:
    table = Table("", "Part", "Found", "How to mend it")
    for each in checked:
        state = f"[{COLORS[each.found.state]}]{each.found.state}[/]"
        table.add_row(state, each.probe.title, escape(each.found.text), escape(each.found.fix))
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get()
