"""Which variant of the instruction a run is asked with, and when an experiment begins and ends.

A ticket gets the same variant for as long as the experiment runs. Variants differ in what stands after the ticket and in nothing
else, so that all of them read one entry of the prompt cache. A process reads anew every few seconds which experiment runs.
"""

import hashlib
from collections.abc import Sequence
from time import monotonic

from django.db import IntegrityError, transaction
from django.utils import timezone

from triage.exceptions import Conflict, InvalidInput
from triage.models import Experiment, ExperimentState, Triage, Variant

REREAD_SECONDS = 5.0


class _Known:
    """The variants of the running experiment, as this process last read them; none where none runs."""

    variants: tuple[Variant, ...] = ()
    until = 0.0


def variant_of(ticket_id: int) -> Variant | None:
    """The ticket's variant of the running experiment; None where none runs. At most one query every few seconds."""
    if monotonic() >= _Known.until:
        running = Variant.objects.filter(experiment__state=ExperimentState.RUNNING)
        _Known.variants = tuple(running.order_by("id"))
        _Known.until = monotonic() + REREAD_SECONDS
    return _drawn(_Known.variants, ticket_id)


def variant_for(run: Triage) -> Variant | None:
    """The variant that `run` is asked with: the one it was asked with before, else its ticket's.

    What is paid for already, in a batch or by a try that ended half-way, is found again only by the same request.
    """
    was_asked = run.batch_id is not None or run.variant_id is not None
    return run.variant if was_asked else variant_of(run.ticket_id)


def forget() -> None:
    """Read the running experiment anew at the next call."""
    _Known.until = 0.0


def start(experiment_id: int) -> Experiment:
    """From now on tickets get its variants; nothing of it is edited any more.

    Raises:
        Conflict: It has begun before, or another one is running.
        InvalidInput: There is nothing to compare.
    """
    try:
        with transaction.atomic():
            experiment = _locked(experiment_id, ExperimentState.PLANNED)
            _check_variants([variant.instruction for variant in experiment.variants.all()])
            experiment.state, experiment.started_at = ExperimentState.RUNNING, timezone.now()
            experiment.save(update_fields=["state", "started_at"])
    except IntegrityError:
        running = Experiment.objects.filter(state=ExperimentState.RUNNING).first()
        raise Conflict(
            f"“{running or 'Another experiment'}” is running. Two at once would share the judged tickets, and each would"
            " cost twice as many of them for the same certainty. End it first."
        ) from None
    transaction.on_commit(forget)
    return experiment


def end(experiment_id: int) -> Experiment:
    """From now on tickets get the plain instruction. Runs that were asked with a variant and wait for their answer keep it.

    Raises:
        Conflict: It is not running.
    """
    with transaction.atomic():
        experiment = _locked(experiment_id, ExperimentState.RUNNING)
        experiment.state, experiment.ended_at = ExperimentState.ENDED, timezone.now()
        experiment.save(update_fields=["state", "ended_at"])
    transaction.on_commit(forget)
    return experiment


def _drawn(variants: Sequence[Variant], ticket_id: int) -> Variant | None:
    """By lot, in proportion to the weights: a digest of the experiment and the ticket is the lot."""
    if not variants:
        return None
    digest = hashlib.sha256(f"{variants[0].experiment_id}:{ticket_id}".encode()).digest()
    lot = int.from_bytes(digest[:8]) % sum(variant.weight for variant in variants)
    for variant in variants:
        lot -= variant.weight
        if lot < 0:
            break
    return variant


def _locked(experiment_id: int, expected: ExperimentState) -> Experiment:
    experiment = Experiment.objects.select_for_update().get(pk=experiment_id)
    if experiment.state != expected:
        state = ExperimentState(experiment.state).label.lower()
        raise Conflict(f"“{experiment}” is {state}.")
    return experiment


def _check_variants(instructions: Sequence[str]) -> None:
    if len(instructions) < 2 or instructions.count("") != 1:
        raise InvalidInput(
            "variants", "there must be at least two, exactly one of them without an instruction"
        )
