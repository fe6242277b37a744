"""The record of one cascade run: what was decided, by which stage, and everything that decided it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class State(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    BATCHED = "batched", "In a batch"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"


class Stage(models.TextChoices):
    LOCAL = "local", "Local model"
    FIRST = "classify", "First model"
    STRONG = "escalate", "Strong model"
    NONE = "none", "Nobody"


class Decision(models.TextChoices):
    APPLIED = "applied", "Applied"
    SUGGESTED = "suggested", "Suggested"
    WITHHELD = "withheld", "Withheld"


class Field(models.TextChoices):
    LABEL = "label", "Label"
    PRIORITY = "priority", "Priority"
    SENTIMENT = "sentiment", "Sentiment"
    LANGUAGE = "language", "Language"


class CorrectionReason(models.TextChoices):
    UNSAID = "", "—"
    WRONG_LABEL = "wrong_label", "Wrong label"
    LABEL_MISSING = "label_missing", "Label missing"
    TWO_TOPICS = "two_topics", "Two topics"
    NOT_ENOUGH = "not_enough", "Not enough to go on"


class Triage(models.Model):
    """One cascade run on a ticket; also the work item that workers claim.

    Made `queued` in the transaction that stores the ticket, so no ticket is without one. `due_at` says from when it may
    run (again); a claim sets `lease_until` on the database's clock, and a run whose lease ended is anybody's.
    """

    ticket = models.ForeignKey("triage.Ticket", on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    skip_reason = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveIntegerField(default=0, help_text="How often it was begun.")
    enqueued_at = models.DateTimeField(default=timezone.now, null=True, blank=True)
    batch = models.ForeignKey(
        "triage.Batch", null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    is_rerun = models.BooleanField(default=False, help_text="Asked for again by a person.")

    stage = models.CharField(max_length=10, choices=Stage.choices, blank=True)
    escalated = models.BooleanField(default=False)
    escalation_reason = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    model_asked = models.CharField(max_length=80, blank=True)
    model_served = models.CharField(max_length=80, blank=True)
    obtained = models.CharField(max_length=20, blank=True)
    taxonomy_version = models.ForeignKey(
        "triage.TaxonomyVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    prompt_version = models.CharField(max_length=64, blank=True)
    variant = models.ForeignKey(
        "triage.Variant",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The arm of the experiment that was running.",
    )
    thresholds = models.JSONField(
        default=dict, blank=True, help_text="The thresholds in force: apply, suggest, label."
    )
    first_answer = models.JSONField(
        null=True, blank=True, help_text="The first stage's answer, where the strong model decided."
    )
    local_answer = models.JSONField(
        null=True,
        blank=True,
        help_text="The local model's: {version, label, chance, unknown, explored}.",
    )
    calibrator = models.CharField(
        max_length=12,
        blank=True,
        db_default="",
        help_text="The version that the confidence speaks by.",
    )
    cost_nanousd = models.BigIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="triage_state_known"),
            models.CheckConstraint(
                condition=Q(cost_nanousd__gte=0), name="triage_cost_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.DONE) | Q(finished_at__isnull=False, stage__gt=""),
                name="triage_done_is_finished",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SKIPPED) | ~Q(skip_reason=""),
                name="triage_skip_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=False)
                | ~Q(state__in=[State.RUNNING, State.BATCHED]),
                name="triage_running_has_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="triage_waiting",
                condition=Q(state__in=[State.QUEUED, State.RUNNING, State.BATCHED, State.SKIPPED]),
            ),
            models.Index(fields=["ticket", "-created_at"], name="triage_of_ticket"),
            models.Index(fields=["finished_at"], name="triage_done", condition=Q(state=State.DONE)),
        ]

    def __str__(self) -> str:
        return f"Triage of ticket {self.ticket_id}: {self.state}"

    def decision_on(self, field: Field) -> "FieldDecision | None":
        """What was decided on `field`, from the prefetched rows where there are any."""
        return next((row for row in self.fields.all() if row.field == field), None)

    @property
    def label_decision(self) -> "FieldDecision | None":
        return self.decision_on(Field.LABEL)


class FieldDecision(models.Model):
    """What one run decided on one field, and what a person made of it. One row per run and field."""

    triage = models.ForeignKey(Triage, on_delete=models.CASCADE, related_name="fields")
    field = models.CharField(max_length=10, choices=Field.choices)
    value = models.CharField(max_length=120, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    stated = models.FloatField(
        null=True,
        blank=True,
        help_text="The model's own figure, where the confidence is calibrated.",
    )
    threshold = models.FloatField()
    decision = models.CharField(max_length=10, choices=Decision.choices)
    alternatives = models.JSONField(default=list, blank=True, help_text="[{value, confidence}]")
    corrected_to = models.CharField(max_length=120, blank=True)
    corrected_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    corrected_at = models.DateTimeField(null=True, blank=True)
    correction_reason = models.CharField(
        max_length=15, choices=CorrectionReason.choices, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["triage", "field"], name="field_decision_once_per_run"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="field_decision_confidence_in_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(decision__in=Decision.values), name="field_decision_decision_known"
            ),
            models.CheckConstraint(
                condition=Q(corrected_to="", corrected_by=None, corrected_at=None)
                | (~Q(corrected_to="") & Q(corrected_by__isnull=False, corrected_at__isnull=False)),
                name="field_decision_correction_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(decision=Decision.APPLIED) | ~Q(value=""),
                name="field_decision_applied_has_value",
            ),
            models.CheckConstraint(
                condition=Q(correction_reason__in=CorrectionReason.values)
                & (Q(correction_reason="") | ~Q(corrected_to="")),
                name="field_decision_reason_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["field", "value", "-corrected_at"],
                name="field_decision_judged",
                condition=~Q(corrected_to=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value or '—'} ({self.decision})"

    @property
    def is_sure(self) -> bool:
        return self.confidence is not None and self.confidence >= self.threshold
