"""Reads of what is wrong."""

from triage.models import Alert


def count_open() -> int:
    """How many alerts are not resolved."""
    return Alert.objects.filter(resolved_at=None).count()
