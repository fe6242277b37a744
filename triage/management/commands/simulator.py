"""`simulator`: the local stand-in for the Claude API, for as long as it runs."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from triage import simulator


class Command(BaseCommand):
    help = "Run the local stand-in for the Claude API until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = simulator.scenarios_help
        parser.add_argument("--port", type=int, required=True)
        names = ", ".join(simulator.Fault)
        parser.add_argument(
            "--scenario",
            default="calm",
            metavar="NAME",
            help=f"one or more of {names}, joined by +, as told below; default calm",
        )
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        simulator.run(port=options["port"], scenario=options["scenario"], seed=options["seed"])
