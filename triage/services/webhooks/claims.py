"""Which delivery is sent next, and what is written down of it. The leases go by the database's clock.

A webhook's deliveries are sent one at a time, the one that has been due longest first: the claim holds the webhook's row while it
looks, and a live lease on any of its deliveries means that somebody is at it. A worker that dies leaves a lease that ends,
and a delivery that is due behind the others, so that none can hold them up for ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Func, JSONField, QuerySet, Value
from django.db.models.functions import Coalesce, Least, Now
from django.utils import timezone

from triage.models import Delivery, DeliveryState, EventKind, Webhook

LEASE_SECONDS = 30.0  # the request takes ten at most
LOG_LINES = 50

CLAIM = """
UPDATE triage_delivery
   SET lease_until = clock_timestamp() + %(seconds)s * interval '1 second', tries = tries + 1,
       due_at = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE id = (SELECT id FROM triage_delivery
              WHERE webhook_id = %(webhook)s AND state = 'pending' AND due_at <= clock_timestamp()
                AND (lease_until IS NULL OR lease_until < clock_timestamp())
              ORDER BY due_at, id LIMIT 1)
   AND NOT EXISTS (SELECT 1 FROM triage_delivery
                    WHERE webhook_id = %(webhook)s AND state = 'pending' AND lease_until >= clock_timestamp())
RETURNING id, gives_up_at <= clock_timestamp()
"""


class Concatenated(Func):
    """Two JSON lists as one."""

    template = "%(expressions)s"
    arg_joiner = " || "


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until its lease ends, with its webhook and event; `is_last` where its time is over."""

    delivery: Delivery
    is_last: bool

    @property
    def is_test(self) -> bool:
        return self.delivery.event.kind == EventKind.WEBHOOK_TEST


@dataclass(frozen=True, slots=True)
class Line:
    """One try as the log keeps it."""

    at: datetime
    status: int | None = None
    error: str = ""
    response: str = ""
    milliseconds: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(timespec="milliseconds"),
            "status": self.status,
            "error": self.error,
            "response": self.response,
            "milliseconds": self.milliseconds,
        }


def claim(webhook_id: int) -> Claimed | None:
    """The webhook's next delivery that is due; None where nothing is, or somebody is at the webhook."""
    with transaction.atomic(), connection.cursor() as cursor:
        if lock(webhook_id) is None:
            return None
        cursor.execute(CLAIM, {"seconds": LEASE_SECONDS, "webhook": webhook_id})
        row = cursor.fetchone()
        if row is None:
            return None
        delivery = Delivery.objects.select_related("webhook", "event").get(pk=row[0])
        return Claimed(delivery, is_last=row[1])


def lock(webhook_id: int) -> Webhook | None:
    """The webhook, kept from others' claims and changes until the transaction ends; None if it is gone."""
    return Webhook.objects.select_for_update(no_key=True).filter(pk=webhook_id).first()


def finish(delivery: Delivery, state: DeliveryState, line: Line) -> bool:
    """Write down the last try. Whether the claim was still ours; if not, somebody else's try counts."""
    return bool(_ours(delivery).update(state=state, finished_at=Now(), **_tried(delivery, line)))


def postpone(delivery: Delivery, line: Line, *, seconds: float) -> bool:
    """Write down a try that failed; the next is in `seconds`, at the latest when time is over. Whether the claim was ours."""
    due_at = Least(Now() + timedelta(seconds=seconds), F("gives_up_at"))
    return bool(_ours(delivery).update(due_at=due_at, **_tried(delivery, line)))


def give_up_waiting(webhook_id: int, reason: str) -> None:
    """Nothing more is sent of what waits; tests are no part of it."""
    waiting = Delivery.objects.filter(webhook_id=webhook_id, state=DeliveryState.PENDING)
    line = Value([Line(timezone.now(), error=reason).as_json()], JSONField())
    waiting.exclude(event__kind=EventKind.WEBHOOK_TEST).update(
        state=DeliveryState.FAILED,
        finished_at=Now(),
        lease_until=None,
        log=Concatenated(F("log"), line, output_field=JSONField()),
    )


def note_success(webhook_id: int) -> None:
    Webhook.objects.filter(pk=webhook_id).update(last_delivered_at=Now(), failing_since=None)


def note_failure(webhook_id: int) -> Webhook:
    """The webhook, failing since this try or an earlier one."""
    found = Webhook.objects.filter(pk=webhook_id)
    found.update(last_failed_at=Now(), failing_since=Coalesce("failing_since", Now()))
    return found.get()


def _ours(delivery: Delivery) -> QuerySet[Delivery]:
    mine = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING)
    return mine.filter(lease_until=delivery.lease_until)


def _tried(delivery: Delivery, line: Line) -> dict[str, Any]:
    return {"lease_until": None, "log": [*delivery.log, line.as_json()][-LOG_LINES:]}
