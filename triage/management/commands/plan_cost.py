"""`plan_cost`: what so many tickets will cost with Claude under every plan, and what that rests on."""

import json as json_format
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from triage.exceptions import InvalidInput, TriageError
from triage.services.evaluation.planning.export import to_json
from triage.services.evaluation.planning.fields import FIELDS
from triage.services.evaluation.planning.inputs import Value
from triage.services.evaluation.planning.outlook import given, look
from triage.services.evaluation.planning.told import told


class Command(BaseCommand):
    help = (
        "What so many tickets will cost under each combination of levers, from this installation's own prompt, ticket lengths and"
        " shares where it knows them. Each input says where it comes from and can be set. Asks nobody and costs nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", type=Path, metavar="OUT", help="write the same to a file")
        for field in FIELDS:
            parser.add_argument(field.option, help=field.about.replace("%", "%%"))

    def handle(self, *args: Any, json: Path | None, **options: Any) -> None:
        try:
            outlook = look(given(_read(options), "given as an option"))
        except TriageError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(told(outlook))
        if json:
            try:
                json.write_text(json_format.dumps(to_json(outlook), indent=2) + "\n")
            except OSError as error:
                raise CommandError(f"{json} cannot be written: {error}") from error


def _read(options: dict[str, Any]) -> dict[str, Value]:
    """Raises CommandError, which names the option."""
    values: dict[str, Value] = {}
    for field in FIELDS:
        text = options.get(field.name)
        if text is None:
            continue
        try:
            values[field.name] = field.read(str(text))
        except InvalidInput as error:
            raise CommandError(f"{field.option}: {error.message}") from error
    return values
