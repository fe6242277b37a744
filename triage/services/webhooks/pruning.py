"""Old deliveries and events go after 30 days, in slices, so that no table is locked for long."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from triage.models import Delivery, DeliveryState, Event

KEPT_FOR = timedelta(days=30)
SLICE_ROWS = 1_000


def prune() -> int:
    """Delete what is older than KEPT_FOR, but nothing that is still to be told or sent. Returns the number of rows."""
    return _delete(_old_deliveries) + _delete(_old_events)


def _old_deliveries() -> QuerySet[Delivery]:
    old = Delivery.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.exclude(state=DeliveryState.PENDING)


def _old_events() -> QuerySet[Event]:
    """With no delivery left."""
    old = Event.objects.filter(created_at__lt=timezone.now() - KEPT_FOR, is_told=True)
    return old.filter(~Exists(Delivery.objects.filter(event=OuterRef("pk"))))


def _delete(find: Callable[[], QuerySet[Delivery] | QuerySet[Event]]) -> int:
    deleted = 0
    while ids := list(find().order_by("id").values_list("pk", flat=True)[:SLICE_ROWS]):
        deleted += find().filter(pk__in=ids).delete()[0]
    return deleted
