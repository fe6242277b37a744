"""Message Batches: many requests handed in at once, answered within a day at half price."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from triage.models.ledger import Feature


class BatchState(models.TextChoices):
    READY = "ready", "Ready to be submitted"
    SUBMITTING = "submitting", "Being submitted"  # the request may have left: see `lost`
    LOST = "lost", "Sought at the provider"
    SUBMITTED = "submitted", "At the provider"
    COLLECTED = "collected", "Collected"
    FAILED = "failed", "Refused by the provider"


class Batch(models.Model):
    """One batch; its lines are the attempts that point at it, an attempt's id being the line's `custom_id`.

    Written by `gateway.batches` alone. `lease_until` is the claim of whoever submits, polls or collects it at the moment.
    """

    feature = models.CharField(max_length=10, choices=Feature.choices)
    model = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.READY)
    lines = models.PositiveIntegerField()
    provider_id = models.CharField(max_length=100, null=True, blank=True, unique=True)
    system = models.TextField(
        blank=True, help_text="What all lines share, until the provider has them."
    )
    ruled_out = models.JSONField(
        default=list, blank=True, help_text="Batches at the provider that are not this one."
    )
    error = models.CharField(max_length=300, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    submitting_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values), name="batch_state_known"
            ),
            models.CheckConstraint(
                condition=Q(feature__in=Feature.values), name="batch_feature_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=BatchState.SUBMITTED) | Q(provider_id__isnull=False),
                name="batch_submitted_has_id",
            ),
            models.CheckConstraint(condition=Q(lines__gte=1), name="batch_has_lines"),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="batch_underway",
                condition=~Q(state__in=[BatchState.COLLECTED, BatchState.FAILED]),
            )
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} ({self.lines} lines, {self.state})"


class BatchLine(models.Model):
    """What one line will send, beside its batch's `system`. Deleted once the provider has it."""

    attempt = models.OneToOneField(
        "triage.Attempt", primary_key=True, on_delete=models.CASCADE, related_name="line"
    )
    body = models.JSONField()

    def __str__(self) -> str:
        return f"line of attempt {self.attempt_id}"
