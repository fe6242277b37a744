"""What triage learns from people: calibrators, local models, audits, and the one row that says what may run by itself.

Written by `services.evaluation` alone; `services.classification` reads it.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from triage.models.taxonomy import LABEL_MAX_CHARACTERS
from triage.models.triage import Stage


class Calibrator(models.Model):
    """What turns a stage's signals into a chance of being right; one a stage is in use.

    `parameters` are those of `services.statistics.signals`.
    """

    stage = models.CharField(max_length=10, choices=Stage.choices)
    version = models.CharField(max_length=12)
    parameters = models.JSONField()
    evaluation = models.ForeignKey(
        "triage.Evaluation", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    model = models.CharField(max_length=80, help_text="Whose confidence it was fitted on.")
    prompt_version = models.CharField(max_length=64)
    tickets = models.PositiveIntegerField()
    error_before = models.FloatField(help_text="Calibration error on tickets it was not fitted on.")
    error_after = models.FloatField()
    is_active = models.BooleanField(default=False)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["stage"], condition=Q(is_active=True), name="calibrator_one_active_a_stage"
            )
        ]

    def __str__(self) -> str:
        return f"calibrator {self.version} ({self.stage})"


class LocalModelState(models.TextChoices):
    CANDIDATE = "candidate", "Candidate"
    CHAMPION = "champion", "Champion"
    RETIRED = "retired", "Retired"


class LocalModel(models.Model):
    """A trained local model. `content` is the file of `services.local.storage`: numbers and words of tickets, no code.

    `thresholds` are the chances, by label group, from which it may answer alone; empty: it may not. `certificate` is what was
    proven, `release` the comparison with the champion of the time.
    """

    content = models.BinaryField()
    version = models.CharField(max_length=12)
    taxonomy_digest = models.CharField(max_length=64)
    tickets = models.PositiveIntegerField()
    labels = models.JSONField(default=list)
    state = models.CharField(
        max_length=10, choices=LocalModelState.choices, default=LocalModelState.CANDIDATE
    )
    thresholds = models.JSONField(default=dict, blank=True)
    certificate = models.JSONField(default=dict, blank=True)
    release = models.JSONField(default=dict, blank=True)
    trust = models.JSONField(default=dict, blank=True, help_text="By model, for the fusion.")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    promoted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=LocalModelState.values), name="local_model_state_known"
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state=LocalModelState.CHAMPION),
                name="local_model_one_champion",
            ),
        ]

    def __str__(self) -> str:
        return f"local model {self.version} ({self.state})"


class Audit(models.Model):
    """An automatic answer drawn at random for a person to judge. `truth` is what they said; "" until then."""

    triage = models.OneToOneField("triage.Triage", on_delete=models.CASCADE, related_name="audit")
    label = models.CharField(max_length=LABEL_MAX_CHARACTERS, help_text="What was answered.")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    local_model = models.ForeignKey(
        LocalModel, null=True, blank=True, on_delete=models.SET_NULL, related_name="audits"
    )
    truth = models.CharField(max_length=LABEL_MAX_CHARACTERS, blank=True)
    by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    drawn_at = models.DateTimeField(db_default=Now(), editable=False)
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["drawn_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(truth="", by=None, judged_at=None)
                | Q(truth__gt="", by__isnull=False, judged_at__isnull=False),
                name="audit_judgement_is_whole",
            )
        ]
        indexes = [
            models.Index(fields=["drawn_at"], name="audit_waits", condition=Q(truth="")),
            models.Index(fields=["judged_at", "id"], name="audit_judged", condition=~Q(truth="")),
        ]

    def __str__(self) -> str:
        return f"audit of triage {self.triage_id}"

    @property
    def is_wrong(self) -> bool:
        return bool(self.truth) and self.truth != self.label


class Automation(models.Model):
    """What may run by itself, in one row (id 1). Without the row the defaults hold: nothing does."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    target = models.FloatField(
        default=0.02, help_text="At most this share of the automatic answers may be wrong."
    )
    d = models.FloatField(default=0.05, help_text="The chance that a promise may break.")
    is_local_on = models.BooleanField(
        default=False, help_text="The champion answers alone where that is certified."
    )
    exploration_share = models.FloatField(
        default=0.01,
        help_text="Of what the local model could answer, so much is asked all the same.",
    )
    audits_a_week = models.PositiveIntegerField(default=150)
    watch = models.JSONField(
        default=dict,
        blank=True,
        help_text="`services.statistics.drift.Watches`, and what the last alarm did.",
    )
    watched_until = models.BigIntegerField(default=0, help_text="The last audit that was counted.")
    alarmed_at = models.DateTimeField(null=True, blank=True)
    tickets_a_call = models.PositiveSmallIntegerField(
        default=1, help_text="In backfill: tickets that go into one call."
    )
    packing_grounds = models.CharField(max_length=300, blank=True)
    packing_evaluation = models.ForeignKey(
        "triage.Evaluation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Whose paired test allows it.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="automation_one_row"),
            models.CheckConstraint(
                condition=Q(target__gt=0, target__lt=1, d__gt=0, d__lt=1),
                name="automation_promise_in_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(exploration_share__gte=0, exploration_share__lte=1),
                name="automation_exploration_in_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(tickets_a_call=1)
                | Q(tickets_a_call__gte=1, tickets_a_call__lte=20, packing_grounds__gt=""),
                name="automation_packing_has_grounds",
            ),
        ]

    def __str__(self) -> str:
        return "Automation"
