"""What has to be done by the clock: draw audits, train, compare, and promote what all proofs let through."""

import structlog

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput, NoTaxonomy
from triage.models import LocalModel, LocalModelState
from triage.services.evaluation import automation
from triage.services.evaluation.learning import auditing, releasing, training

log = structlog.get_logger(__name__)

BY_NIGHT = "The release gate let it through."


def learn(*, by_id: int = 0) -> None:
    """Draw tonight's audits and train a candidate. Safe to run twice.

    By night nothing is trained until a person has promoted a first champion; from then on a candidate that passes the gate takes
    its place by itself. With `by_id` that person has asked for a training: then nothing is promoted.
    """
    auditing.draw()
    if by_id:
        train_and_judge(by=User.objects.get(pk=by_id))
    elif automation.champion():
        _promote(train_and_judge(by=User.objects.system()))


def train_and_judge(*, by: User) -> LocalModel | None:
    """The newest candidate with the gate's verdict; None where nothing can be trained, or nothing new."""
    try:
        model = training.train(by=by)
        is_new = model.state == LocalModelState.CANDIDATE
        return releasing.judge(model.pk) if is_new else None
    except (InvalidInput, NoTaxonomy, Conflict) as error:
        log.info("no local model was trained", reason=str(error))
        return None


def _promote(candidate: LocalModel | None) -> None:
    if candidate is None or not candidate.release["passes"]:
        return
    try:
        releasing.promote(candidate.pk, by=User.objects.system(), reason=BY_NIGHT)
    except Conflict as error:
        log.info("no local model was promoted", reason=str(error))
