"""Alerts and their ends become events, once each: webhooks are told of them, and openings are mailed."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from triage.models import Alert, Event, EventKind
from triage.services.alerts.mailing import MAIL_IS_DUE

AT_ONCE = 200


def tell() -> None:
    """Tell every alert that is open, awake and untold, and every end of one that was told.

    One that was told before it was snoozed is told again once it wakes. What was over before anybody was told stays untold.
    """
    now = timezone.now()
    _tell(_untold(now), EventKind.ALERT_OPENED, told="told_at", changes=MAIL_IS_DUE)
    _tell(_ended(), EventKind.ALERT_RESOLVED, told="told_end_at", changes={})


def _untold(now: datetime) -> QuerySet[Alert]:
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now)
    news = Q(told_at=None) | Q(told_at__lt=F("snoozed_until"))
    return Alert.objects.filter(awake, news, resolved_at=None)


def _ended() -> QuerySet[Alert]:
    return Alert.objects.filter(
        resolved_at__isnull=False, told_at__isnull=False, told_end_at__isnull=True
    )


@transaction.atomic
def _tell(alerts: QuerySet[Alert], kind: EventKind, *, told: str, changes: dict[str, str]) -> None:
    """The event and the mark that it was told are there together or not at all; whoever comes second skips what is locked."""
    due = alerts.order_by("pk").select_for_update(skip_locked=True, of=("self",))
    for alert in due[:AT_ONCE]:
        Event.objects.record(kind, about_id=alert.pk, changes=changes)
        Alert.objects.filter(pk=alert.pk).update(**{told: timezone.now()})
