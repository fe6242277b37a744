"""The gate before `auto_apply`: a label's answers are applied without review by proof, or by somebody's name and reason.

A proof is an evaluation that is done and certifies the label's group for what decides now: `gate_fitting` says what that takes,
`gate_proofs` reads it. When it no longer holds, that is said and nothing else: no label is switched off by itself. Changes count
for new tickets with the next published taxonomy version.
"""

import structlog
from django.db import transaction

from accounts.models import User
from triage.exceptions import InvalidInput
from triage.models import Evaluation, Label
from triage.services.evaluation.gate_proofs import (
    Proof,
    Row,
    Standing,
    is_proposed,
    proof_by,
    proof_for,
    review,
)

__all__ = [
    "Proof",
    "Row",
    "Standing",
    "escalate_always",
    "override",
    "proof_for",
    "review",
    "switch_off",
    "switch_on",
]

REASON_AT_LEAST = 10  # characters
REASON_AT_MOST = 200  # as the label's column, with the name before it
NOT_PROPOSED = "no evaluation of what is in force proposes to escalate it always"
log = structlog.get_logger(__name__)


def switch_on(label: Label, *, evaluation: Evaluation, by: User) -> Proof:
    """From the next published version on, sure answers with the label are applied; its threshold is the one that was proven.

    Raises:
        InvalidInput: The evaluation does not prove it for what is in force; `evaluation` is the field.
    """
    with transaction.atomic():
        locked = _locked(label)
        proof = proof_by(evaluation, locked)
        locked.auto_apply, locked.auto_apply_reason = True, proof.words
        locked.auto_apply_evaluation, locked.threshold = evaluation, proof.threshold
        locked.save()
    log.info("auto-apply switched on", label=label.slug, evaluation=evaluation.pk, by=by.pk)
    return proof


def override(label: Label, *, reason: str, by: User) -> None:
    """Switch it on without proof, under the name of `by`. The threshold stays as it is.

    Raises:
        InvalidInput: The reason is too short, or longer than is kept; `reason` is the field.
    """
    words = f"{by}: {_checked(reason, by)}"
    with transaction.atomic():
        locked = _locked(label)
        locked.auto_apply, locked.auto_apply_reason = True, words
        locked.auto_apply_evaluation = None
        locked.save()
    log.warning("auto-apply overridden", label=label.slug, by=by.pk, reason=words)


def switch_off(label: Label, *, by: User) -> None:
    """People see every answer again. A threshold that came with the proof goes with it."""
    with transaction.atomic():
        locked = _locked(label)
        if locked.auto_apply_evaluation_id is not None:
            locked.threshold = None
        locked.auto_apply, locked.auto_apply_reason = False, ""
        locked.auto_apply_evaluation = None
        locked.save()
    log.info("auto-apply switched off", label=label.slug, by=by.pk)


def escalate_always(label: Label, *, by: User) -> None:
    """Follow the proposal of an evaluation. What is in force is another cascade then, so its proofs no longer fit.

    Raises:
        InvalidInput: No evaluation of what is in force proposes it; `label` is the field.
    """
    if not is_proposed(label):
        raise InvalidInput("label", NOT_PROPOSED)
    with transaction.atomic():
        locked = _locked(label)
        locked.always_escalate = True
        locked.save()
    log.info("label always escalates", label=label.slug, by=by.pk)


def _locked(label: Label) -> Label:
    return Label.objects.select_for_update().get(pk=label.pk)


def _checked(reason: str, by: User) -> str:
    given = " ".join(reason.split())
    if len(given) < REASON_AT_LEAST:
        raise InvalidInput("reason", f"say why in at least {REASON_AT_LEAST} characters")
    most = REASON_AT_MOST - len(f"{by}: ")
    if len(given) > most:
        raise InvalidInput("reason", f"it is longer than {most} characters")
    return given
