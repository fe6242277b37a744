"""Webhooks: where events are told, and each telling. Written by `services.webhooks` alone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

NAME_CHARACTERS = 50  # of an address, where a webhook has no description


class Webhook(models.Model):
    """One address that wants to hear of events. Its secret signs what is sent; for a day after a rotation the old one signs too.

    `failing_since` is the first failure after the last success; an address that fails for days is switched off with a notice.
    Tests count for neither.
    """

    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    kinds = ArrayField(models.CharField(max_length=30), help_text="The events it is told.")
    secret = models.CharField(max_length=80)
    old_secret = models.CharField(max_length=80, blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    last_delivered_at = models.DateTimeField(null=True, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kinds=[]), name="webhook_wants_some_event"),
            models.CheckConstraint(
                condition=Q(old_secret="", old_secret_until=None)
                | (~Q(old_secret="") & Q(old_secret_until__isnull=False)),
                name="webhook_old_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url.partition("://")[2][:NAME_CHARACTERS]


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Given up"


class Delivery(models.Model):
    """One event told to one webhook, however many tries that takes.

    `body` is what is sent, written once, so that every try and redelivery is the same bytes under the same id. `log` has a line
    a try: `{at, status, error, response, milliseconds}`. `tries` counts those of the current round: a redelivery begins another.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey("triage.Event", on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(
        max_length=40, unique=True, help_text="The header webhook-id of every try."
    )
    body = models.TextField()
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    tries = models.PositiveSmallIntegerField(default=0)
    log = models.JSONField(default=list, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    gives_up_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="delivery_once_per_webhook"),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="delivery_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.PENDING) | Q(finished_at__isnull=False),
                name="delivery_over_is_finished",
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_of_webhook"),
            models.Index(
                fields=["webhook", "due_at", "id"],
                name="delivery_due",
                condition=Q(state=DeliveryState.PENDING),
            ),
            models.Index(
                fields=["webhook"],
                name="delivery_underway",
                condition=Q(state=DeliveryState.PENDING, lease_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} ({self.get_state_display().lower()})"
