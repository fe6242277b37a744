"""Experiments to run, saying only what a test is about."""

from accounts.models import User
from triage.models import Experiment, Variant
from triage.services import experiments

SHORT = "Answer with the reason in at most eight words."


def plan(*instructions: str, name: str = "Short reasons") -> Experiment:
    """Planned: the control and a variant for each instruction."""
    by = User.objects.system()
    experiment = Experiment.objects.create(name=name, by=by)
    for number, instruction in enumerate(("", *(instructions or (SHORT,)))):
        Variant.objects.create(experiment=experiment, name=f"arm {number}", instruction=instruction)
    return experiment


def begin(*instructions: str, name: str = "Short reasons") -> Experiment:
    experiment = experiments.start(plan(*instructions, name=name).pk)
    experiments.forget()
    return experiment


def control_of(experiment: Experiment) -> Variant:
    return experiment.variants.get(instruction="")


def tried_in(experiment: Experiment) -> Variant:
    """The first variant that is not the control."""
    return experiment.variants.exclude(instruction="")[0]


def give_all(variant: Variant) -> None:
    """Every ticket gets this one, as far as weights can say so."""
    variant.experiment.variants.exclude(pk=variant.pk).update(weight=1)
    Variant.objects.filter(pk=variant.pk).update(weight=100)
    experiments.forget()
