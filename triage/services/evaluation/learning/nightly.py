"""What has to be done by the clock: draw audits, train, compare, and promote what all proofs let through."""

import structlog

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput, NoTaxonomy
from triage.models import LocalModel, LocalModelState
from triage.services.evaluation import automation
from triage.services.evaluation.learning import auditing, releasing, shadowing, training
from triage.services.evaluation.learning.shadow import Outcome

log = structlog.get_logger(__name__)

BY_NIGHT = "The release gate let it through, and nothing in its shadow speaks against it."
ON_THE_GATE_ALONE = (
    "The release gate let it through; a week in shadow brought too few tickets to judge it by."
)


def learn(*, by_id: int = 0) -> None:
    """Draw tonight's audits, and look at the candidate in shadow or train one. Safe to run twice.

    By night nothing is trained until a person has promoted a first champion. From then on a candidate that passes the gate,
    whoever had it trained, shadows the champion; while it does no other is trained by night, and if nothing speaks against it, it
    takes the champion's place by itself. Once a shadow has held one back, the next ones beside that champion wait for enough
    tickets, or a person. With `by_id` that person has asked for a training: then nothing is promoted.
    """
    auditing.draw()
    if by_id:
        train_and_judge(by=User.objects.get(pk=by_id))
    elif automation.champion():
        _go_on(shadowing.find())


def train_and_judge(*, by: User) -> LocalModel | None:
    """The newest candidate with the gate's verdict; None where nothing can be trained, or nothing new."""
    try:
        model = training.train(by=by)
        is_new = model.state == LocalModelState.CANDIDATE
        return releasing.judge(model.pk) if is_new else None
    except (InvalidInput, NoTaxonomy, Conflict) as error:
        log.info("no local model was trained", reason=str(error))
        return None


def _go_on(in_shadow: LocalModel | None) -> None:
    if in_shadow:
        _look(in_shadow)
    else:
        train_and_judge(by=User.objects.system())


def _look(candidate: LocalModel) -> None:
    try:
        shadow = shadowing.look(candidate.pk)
        log.info("shadow looked at", local_model=candidate.version, outcome=shadow.outcome)
        if shadow.outcome is Outcome.PASSED:
            reason = BY_NIGHT if shadow.is_enough else ON_THE_GATE_ALONE
            releasing.promote(candidate.pk, by=User.objects.system(), reason=reason)
    except (Conflict, NoTaxonomy) as error:
        log.info("no local model was promoted", reason=str(error))
