"""Noting up to when a person has been told what there was to tell."""

from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import User


def dismiss_notices(*, by: User, until: datetime) -> None:
    """Notices up to `until` are not told to `by` again. It never goes back, and never beyond now."""
    moment = min(until, timezone.now())
    seen_at = Greatest("notices_seen_at", Value(moment))
    User.objects.filter(pk=by.pk).update(notices_seen_at=seen_at)
    by.refresh_from_db(fields=["notices_seen_at"])
