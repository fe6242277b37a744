"""Reads of what is wrong."""

from django.db.models import Q
from django.utils import timezone

from triage.models import Alert


def count_open() -> int:
    """How many alerts are neither resolved nor snoozed."""
    is_awake = Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now())
    return Alert.objects.filter(is_awake, resolved_at=None).count()
