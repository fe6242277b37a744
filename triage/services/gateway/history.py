"""The part of the ledger that is old enough to go. What it summed up to stays in the rollups and in `Spend`."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from triage.models import Attempt, Call, Certainty
from triage.models.ledger import CallState


def old_attempts(before: datetime) -> QuerySet[Attempt]:
    """Attempts opened before that moment, the oldest first; one that is still open stays."""
    settled = Attempt.objects.exclude(certainty=Certainty.OPEN)
    return settled.filter(opened_at__lt=before).order_by("opened_at")


def old_calls(before: datetime) -> QuerySet[Call]:
    """Calls made before that moment that have no attempt left, the oldest first; one that still runs stays."""
    over = Call.objects.exclude(state=CallState.RUNNING)
    left = Attempt.objects.filter(call=OuterRef("pk"))
    return over.filter(~Exists(left), created_at__lt=before).order_by("created_at")
