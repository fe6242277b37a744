"""Evaluations: what the cascade says to tickets whose label is known. Written by `services.evaluation` alone."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from triage.models.taxonomy import LABEL_MAX_CHARACTERS
from triage.models.tickets import SUBJECT_MAX_CHARACTERS
from triage.models.triage import Stage

CONFIGURATIONS_AT_MOST = 2


class EvaluationSource(models.TextChoices):
    FILE = "file", "A file"
    CONFIRMED = "confirmed", "Tickets with a confirmed label"
    CORRECTED = "corrected", "A sample of corrected tickets"


class EvaluationState(models.TextChoices):
    QUOTED = "quoted", "Quoted, not started"
    RUNNING = "running", "Running"
    CANCELLED = "cancelled", "Cancelled"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Part(models.TextChoices):
    """What a ticket is used for, each once. "" is left out of all figures."""

    CALIBRATE = "calibrate", "To calibrate"
    CHOOSE = "choose", "To choose thresholds"
    REPORT = "report", "To report"


class AnswerState(models.TextChoices):
    ASKED = "asked", "In a batch"
    ANSWERED = "answered", "Answered"
    FAILED = "failed", "No usable answer"


class Evaluation(models.Model):
    """One run of one or two configurations on the same labelled tickets.

    `configurations`, `quote`, `findings` and `results` are JSON of dataclasses in `services.evaluation`. A run is worked on in
    slices under `lease_until`; `claims` is the fencing token. It never spends more than `budget_nanousd`.
    """

    name = models.CharField(max_length=120)
    source = models.CharField(max_length=10, choices=EvaluationSource.choices)
    source_name = models.CharField(max_length=200, blank=True, help_text="Of the file.")
    state = models.CharField(
        max_length=10, choices=EvaluationState.choices, default=EvaluationState.QUOTED
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    is_batch = models.BooleanField(default=True, help_text="At half price, within a day.")
    seed = models.PositiveIntegerField(default=0)
    configurations = models.JSONField()
    quote = models.JSONField()
    budget_nanousd = models.BigIntegerField(help_text="Never more than this is spent.")
    findings = models.JSONField(default=list, blank=True)
    results = models.JSONField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=EvaluationState.values), name="evaluation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(budget_nanousd__gte=0), name="evaluation_budget_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(state=EvaluationState.DONE)
                | Q(results__isnull=False, finished_at__isnull=False),
                name="evaluation_done_has_results",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="evaluation_running",
                condition=Q(state=EvaluationState.RUNNING),
            )
        ]

    def __str__(self) -> str:
        return self.name


class EvaluationTicket(models.Model):
    """One labelled ticket of an evaluation, as it was then; `ticket` is whence it came, while that exists.

    `label` is the taxonomy's slug for `known_label`, or "". `problem` says why it is left out; then `part` is "". Tickets of one
    `cluster` say the same and stand in the same part.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="tickets")
    number = models.PositiveIntegerField(help_text="From 1, in the order they came.")
    ticket = models.ForeignKey(
        "triage.Ticket", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    subject = models.CharField(max_length=SUBJECT_MAX_CHARACTERS, blank=True)
    description = models.TextField(blank=True)
    known_label = models.CharField(max_length=200, blank=True)
    label = models.CharField(max_length=LABEL_MAX_CHARACTERS, blank=True)
    cluster = models.PositiveIntegerField(default=0)
    part = models.CharField(max_length=10, choices=Part.choices, blank=True)
    problem = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "number"], name="evaluation_ticket_number_once"
            ),
            models.CheckConstraint(
                condition=Q(part="") | Q(part__in=Part.values), name="evaluation_ticket_part_known"
            ),
            models.CheckConstraint(
                condition=Q(part="", problem__gt="") | Q(part__gt="", problem="", label__gt=""),
                name="evaluation_ticket_counts_or_says_why_not",
            ),
        ]

    def __str__(self) -> str:
        return f"ticket {self.number} of evaluation {self.evaluation_id}"


class EvaluationAnswer(models.Model):
    """What one stage of one configuration said to one ticket, and what that cost."""

    ticket = models.ForeignKey(EvaluationTicket, on_delete=models.CASCADE, related_name="answers")
    configuration = models.PositiveSmallIntegerField(help_text="Its place in the list: 0 or 1.")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    state = models.CharField(max_length=10, choices=AnswerState.choices)
    batch = models.ForeignKey(
        "triage.Batch", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    call_id = models.BigIntegerField(null=True, blank=True)
    tickets_in_call = models.PositiveSmallIntegerField(default=1)
    label = models.CharField(max_length=LABEL_MAX_CHARACTERS, blank=True)
    confidence = models.FloatField(null=True, blank=True, help_text="As the model stated it.")
    runner_up = models.CharField(max_length=LABEL_MAX_CHARACTERS, blank=True)
    runner_up_confidence = models.FloatField(null=True, blank=True)
    local_chance = models.FloatField(
        null=True, blank=True, help_text="Of the label, with the local model’s answer joined."
    )
    chance = models.FloatField(
        null=True, blank=True, help_text="Of being right, by the configuration’s calibrator."
    )
    problem = models.CharField(max_length=150, blank=True)
    cost_nanousd = models.BigIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(null=True, blank=True, help_text="None in a batch.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "configuration", "stage"], name="evaluation_answer_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=AnswerState.values), name="evaluation_answer_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=AnswerState.ANSWERED)
                | Q(label__gt="", confidence__isnull=False, confidence__gte=0, confidence__lte=1),
                name="evaluation_answer_has_label",
            ),
            models.CheckConstraint(
                condition=Q(chance=None) | Q(chance__gte=0, chance__lte=1),
                name="evaluation_answer_chance_in_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(local_chance=None) | Q(local_chance__gte=0, local_chance__lte=1),
                name="evaluation_answer_local_chance_in_0_to_1",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch"],
                name="evaluation_answer_waits",
                condition=Q(state=AnswerState.ASKED),
            )
        ]

    def __str__(self) -> str:
        return f"{self.stage} on {self.ticket_id}: {self.label or self.state}"
