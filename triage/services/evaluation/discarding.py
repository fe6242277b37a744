"""Quotes that nobody took are thrown away, with the copies of their tickets."""

import structlog
from django.db import transaction

from accounts.models import User
from triage.exceptions import Conflict
from triage.models import Evaluation, EvaluationState

log = structlog.get_logger(__name__)


def discard(evaluation_id: int, *, by: User) -> None:
    """Delete a quote; one that is gone already is no fault.

    Raises:
        Conflict: It was started: what was asked and paid for is kept.
    """
    with transaction.atomic():
        rows = Evaluation.objects.select_for_update(of=("self",))
        evaluation = rows.filter(pk=evaluation_id).first()
        if evaluation is None:
            return
        if evaluation.state != EvaluationState.QUOTED:
            raise Conflict(f"“{evaluation}” was started, so it is kept.")
        evaluation.delete()
    log.info("quote discarded", evaluation=evaluation_id, by=by.pk)
