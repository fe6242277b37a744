"""The batches of a run that somebody cancelled end with it. Those of a run that ended by itself, for want of money say, go on:
what they bring is needed as soon as it is resumed.
"""

from contextlib import suppress

from triage.exceptions import AttemptFailed
from triage.models import AnswerState, Evaluation, EvaluationAnswer, EvaluationState
from triage.services.gateway import batches
from triage.services.gateway.batches import ENDED

CANCELLED_BY = "cancelled by"  # how the error of such a run begins


def end_batches(evaluation_id: int | None = None) -> None:
    """Cancel what this run still has in batches, by default every run. What fails now is tried again by the next sweep.

    Raises:
        InsideTransaction: The caller holds a transaction open, and some batch is underway.
    """
    if found := _find_underway(evaluation_id):
        with suppress(AttemptFailed):  # it is in the log
            batches.cancel(found)


def is_cancelled(evaluation: Evaluation) -> bool:
    """Whether somebody cancelled it, so that its batches end."""
    is_over = evaluation.state == EvaluationState.CANCELLED
    return is_over and evaluation.error.startswith(CANCELLED_BY)


def _find_underway(evaluation_id: int | None) -> list[int]:
    waiting = EvaluationAnswer.objects.filter(
        state=AnswerState.ASKED,
        batch__isnull=False,
        ticket__evaluation__state=EvaluationState.CANCELLED,
        ticket__evaluation__error__startswith=CANCELLED_BY,
    ).exclude(batch__state__in=ENDED)
    if evaluation_id is not None:
        waiting = waiting.filter(ticket__evaluation=evaluation_id)
    return list(waiting.order_by("batch").values_list("batch", flat=True).distinct())
