"""`simulator`: the local stand-in for the Claude API, for as long as it runs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from triage import simulator


class Command(BaseCommand):
    help = "Run the local stand-in for the Claude API until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--scenario", default="calm", help="e.g. 529:0.1+slow; default calm")
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        simulator.run(port=options["port"], scenario=options["scenario"], seed=options["seed"])
