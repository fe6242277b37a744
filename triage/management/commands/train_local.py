"""`train_local`: a local model of the labels that people have confirmed, and what is proven for it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput, NoTaxonomy
from triage.models import LocalModel, LocalModelState
from triage.services.evaluation.learning import releasing, training


class Command(BaseCommand):
    help = (
        "Train a local model on confirmed labels, certify it on others, and compare it with the champion. Nothing is asked of"
        " Claude. It answers nothing until it is promoted and the local model is switched on, on the page Automation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", metavar="EMAIL", help="who trains it; default the system")

    def handle(self, *args: Any, by: str | None, **options: Any) -> None:
        person = User.objects.filter(email__iexact=by).first() if by else User.objects.system()
        if person is None:
            raise CommandError(f"there is no user {by}")
        try:
            model = training.train(by=person)
            if model.state == LocalModelState.CANDIDATE:
                model = releasing.judge(model.pk)
        except (Conflict, InvalidInput, NoTaxonomy) as error:
            raise CommandError(f"nothing was trained: {error}") from error
        self._tell(model)

    def _tell(self, model: LocalModel) -> None:
        certificate = model.certificate
        state = LocalModelState(model.state).label.lower()
        self.stdout.write(f"Local model {model.version}, {state}, of {model.tickets:,} tickets.")
        if certificate["judged"]:
            right, judged = certificate["right"], certificate["judged"]
            self.stdout.write(
                f"Right on {right:,} of {judged:,} held-out tickets ({right / judged:.1%})."
            )
        for group, proof in certificate["proofs"].items():
            self.stdout.write(f"{group} labels: {proof['words']}.")
        for why, number in certificate["left_out"].items():
            self.stdout.write(f"{number:,} left out: {why}.")
        for reason in model.release.get("reasons", []):
            self.stdout.write(reason)
