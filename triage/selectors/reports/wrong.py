"""What is noted as wrong: the open alerts."""

from django.db.models import Q
from django.utils import timezone

from triage.models import Alert

ALERTS_AT_MOST = 10


def open_alerts() -> list[Alert]:
    """The newest that are not resolved and that nobody has put off, in one query."""
    awake = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=timezone.now())
    return list(
        Alert.objects.filter(awake, resolved_at=None).order_by("-opened_at")[:ALERTS_AT_MOST]
    )
