"""Snoozing alerts: for a while nobody is told of them, and they do not count as open."""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.utils import timezone

from accounts.models import User
from triage.models import Alert

log = structlog.get_logger(__name__)

UNTIL_RESOLVED = timedelta(days=365)


def snooze(alert_ids: Iterable[int], *, lasting: timedelta, by: User) -> int:
    """Leave these alone for so long, as far as they are open; how many. One still open then is told again."""
    until = timezone.now() + lasting
    rows = Alert.objects.filter(pk__in=list(alert_ids), resolved_at=None)
    number = rows.update(snoozed_until=until, snoozed_by=by)
    log.info("alerts were snoozed", number=number, until=until.isoformat(), by=by.pk)
    return number


def wake(alert_ids: Iterable[int], *, by: User) -> int:
    """Count these as open again, as far as they are snoozed; how many. Who was told before is not told anew."""
    now = timezone.now()
    rows = Alert.objects.filter(pk__in=list(alert_ids), resolved_at=None, snoozed_until__gt=now)
    number = rows.update(snoozed_until=None, snoozed_by=None)
    log.info("alerts were woken", number=number, by=by.pk)
    return number
