"""Events become deliveries: one for every active webhook that wants the kind, in the transaction that marks the event as told."""

from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from triage.models import Delivery, DeliveryState, Event, Webhook
from triage.queue import TaskName, enqueue
from triage.services.webhooks.bodies import build_bodies

SLICE_EVENTS = 200
SLICES_AT_MOST = 50  # then the next telling goes on
GIVES_UP_AFTER = timedelta(hours=24)


def tell() -> int:
    """Make the deliveries of all events that are not told, and have everything sent that is due. Returns how many were made.

    Any number of processes may do it at once; each event is told once.
    """
    made = 0
    for _ in range(SLICES_AT_MOST):
        told, deliveries = _tell_slice()
        made += deliveries
        if told < SLICE_EVENTS:
            break
    send_due()
    return made


def send_due() -> None:
    """Wake a worker for each webhook that has something due and nobody at it."""
    pending = Delivery.objects.filter(webhook=OuterRef("pk"), state=DeliveryState.PENDING)
    due = Webhook.objects.filter(
        Exists(pending.filter(due_at__lte=Now())),
        ~Exists(pending.filter(lease_until__gt=Now())),
    )
    for webhook_id in due.values_list("pk", flat=True):
        enqueue(TaskName.DELIVER_WEBHOOKS, webhook_id)


def new_message_id() -> str:
    return f"msg_{uuid4().hex}"


@transaction.atomic
def _tell_slice() -> tuple[int, int]:
    """How many events were told now, and how many deliveries that made."""
    untold = Event.objects.filter(is_told=False).order_by("id")
    events = list(untold.select_for_update(skip_locked=True, of=("self",))[:SLICE_EVENTS])
    if not events:
        return 0, 0
    # Locked, so that none is switched off meanwhile and left with deliveries nobody sends.
    active = Webhook.objects.filter(is_active=True).select_for_update(no_key=True)
    wanted = {webhook.pk: set(webhook.kinds) for webhook in active}
    heard = [event for event in events if any(event.kind in kinds for kinds in wanted.values())]
    bodies = build_bodies(heard)
    deliveries = [
        Delivery(
            webhook_id=webhook_id,
            event=event,
            message_id=new_message_id(),
            body=bodies[event.pk],
            due_at=Now(),
            gives_up_at=Now() + GIVES_UP_AFTER,
        )
        for event in heard
        for webhook_id, kinds in wanted.items()
        if event.kind in kinds and event.pk in bodies
    ]
    Delivery.objects.bulk_create(deliveries)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(is_told=True)
    return len(events), len(deliveries)
