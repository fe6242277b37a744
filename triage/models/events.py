"""Events: what happened to a ticket, a draft or a budget. Any layer writes a row; telling webhooks is a service's work."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from triage.models.webhooks import Webhook
from triage.queue import TaskName, enqueue

NUDGE_PAUSE_SECONDS = 1.0  # the schedule finds what came in between


class _Nudged:
    """Until when (monotonic seconds) this process asks for no further telling: a burst of events needs one."""

    until = 0.0


class EventKind(models.TextChoices):
    TICKET_CREATED = "ticket.created", "Ticket created"
    TICKET_UPDATED = "ticket.updated", "Ticket updated"
    TICKET_TRIAGED = "ticket.triaged", "Ticket triaged"
    TRIAGE_CORRECTED = "ticket.triage_corrected", "Triage corrected"
    TICKET_ASSIGNED = "ticket.assigned", "Ticket assigned"
    STATUS_CHANGED = "ticket.status_changed", "Status changed"
    MESSAGE_CREATED = "message.created", "Message created"
    DRAFT_READY = "draft.ready", "Draft ready"
    DRAFT_SENT = "draft.sent", "Draft sent"
    QUOTA_WARNING = "quota.warning", "Budget used up to its soft limit"
    QUOTA_EXCEEDED = "quota.exceeded", "Budget used up"
    ALERT_OPENED = "alert.opened", "Alert opened"
    ALERT_RESOLVED = "alert.resolved", "Alert resolved"
    WEBHOOK_TEST = "webhook.test", "Test of a webhook"


class EventManager(models.Manager["Event"]):
    def record(
        self,
        kind: EventKind,
        *,
        ticket_id: int | None = None,
        about_id: int | None = None,
        by_id: int | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> "Event":
        """A row in the caller's transaction: it is there if and only if what happened is. Told soon after the commit."""
        event = self.create(
            kind=kind,
            ticket_id=ticket_id,
            about_id=about_id,
            by_id=by_id,
            changes=dict(changes or {}),
        )
        transaction.on_commit(_nudge, robust=True)
        return event

    def bulk_create(self, *args: Any, **kwargs: Any) -> list["Event"]:
        """Many rows in the caller's transaction, told soon after the commit like those of `record`."""
        events = super().bulk_create(*args, **kwargs)
        transaction.on_commit(_nudge, robust=True)
        return events


class Event(models.Model):
    """One thing that happened. Written once, in the transaction in which it happened; pruned after 30 days.

    `about_id` is the message, draft or budget it is about; `changes` is {field: [before, after]}, JSON values, and of a
    budget's events what there is to say of its limit.
    """

    kind = models.CharField(max_length=30, choices=EventKind.choices)
    ticket = models.ForeignKey(
        "triage.Ticket", null=True, blank=True, on_delete=models.CASCADE, related_name="events"
    )
    about_id = models.PositiveBigIntegerField(null=True, blank=True)
    by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changes = models.JSONField(default=dict, blank=True)
    is_told = models.BooleanField(default=False, help_text="Each webhook has its delivery.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = EventManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_known")
        ]
        indexes = [
            models.Index(fields=["id"], name="event_untold", condition=Q(is_told=False)),
            models.Index(fields=["ticket", "id"], name="event_of_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ticket_id or ''}".strip()


def _nudge() -> None:
    """Have the events told now rather than by the schedule; where nobody listens, no message is sent."""
    if monotonic() < _Nudged.until:
        return
    _Nudged.until = monotonic() + NUDGE_PAUSE_SECONDS
    if Webhook.objects.filter(is_active=True).exists():
        enqueue(TaskName.TELL_WEBHOOKS)
