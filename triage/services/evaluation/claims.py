"""Who works on an evaluation: one process at a time, under a lease on the database's clock."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from triage.exceptions import TriageError
from triage.models import (
    AnswerState,
    Evaluation,
    EvaluationAnswer,
    EvaluationState,
)
from triage.services.gateway.batches import ENDED

LOST = "Another process goes on with this evaluation, or it was ended."
LEASE_SECONDS = 150.0  # above a slice, with what its last calls and the results take


class ClaimLost(TriageError):
    """Another process goes on with the run, or somebody ended it."""

    permanent = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that is ours until its lease ends; `number` proves it."""

    evaluation_id: int
    number: int


def claim(evaluation_id: int) -> Claimed | None:
    """Take this run, if it runs and nobody else is at it; a cancelled one too, while its batches bring answers."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE triage_evaluation
               SET claims = claims + 1, lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE id = %s AND state IN ('running', 'cancelled')
               AND (lease_until IS NULL OR lease_until < clock_timestamp())
            RETURNING claims
            """,
            [LEASE_SECONDS, evaluation_id],
        )
        row = cursor.fetchone()
    return Claimed(evaluation_id, row[0]) if row else None


def check_running(claimed: Claimed) -> None:
    """Raises ClaimLost where the run was ended, or is not ours any more."""
    if not _mine(claimed).filter(state=EvaluationState.RUNNING).exists():
        raise ClaimLost(LOST)


def lock(claimed: Claimed) -> None:
    """The same, and for the rest of this transaction it stays so."""
    mine = _mine(claimed).filter(state=EvaluationState.RUNNING)
    if not mine.select_for_update().exists():
        raise ClaimLost(LOST)


def end(claimed: Claimed, **values: object) -> bool:
    """Give the run its last values, if it still was ours and running; whether it was."""
    running = _mine(claimed).filter(state=EvaluationState.RUNNING)
    return bool(running.update(finished_at=Now(), **values))


def release(claimed: Claimed, *, pause_seconds: float = 0.0) -> None:
    """Let others at it, after a pause if there is a reason for one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE triage_evaluation
               SET lease_until = CASE WHEN %s > 0 THEN clock_timestamp() + %s * interval '1 second' END
             WHERE id = %s AND claims = %s
            """,
            [pause_seconds, pause_seconds, claimed.evaluation_id, claimed.number],
        )


def find_waiting() -> list[int]:
    """The ids of the runs that nobody is at: those that run, and cancelled ones whose batches have ended since."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    late = EvaluationAnswer.objects.filter(
        state=AnswerState.ASKED,
        batch__state__in=ENDED,
        ticket__evaluation__state=EvaluationState.CANCELLED,
    )
    running = Q(state=EvaluationState.RUNNING) | Q(pk__in=late.values("ticket__evaluation"))
    rows = Evaluation.objects.filter(free, running).order_by("created_at")
    return list(rows.values_list("pk", flat=True))


def _mine(claimed: Claimed) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(pk=claimed.evaluation_id, claims=claimed.number)
