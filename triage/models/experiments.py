"""Experiments: variants of the instruction that stands after the ticket, tried side by side on real tickets."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

VARIANT_MAX_CHARACTERS = 2_000


class ExperimentState(models.TextChoices):
    PLANNED = "planned", "Planned"
    RUNNING = "running", "Running"
    ENDED = "ended", "Ended"


class Experiment(models.Model):
    """One comparison; at most one runs at a time. What has begun is not edited any more. Made by admins."""

    name = models.CharField(max_length=80, unique=True)
    hypothesis = models.CharField(
        max_length=300, blank=True, help_text="What should become better, and by how much."
    )
    state = models.CharField(
        max_length=10, choices=ExperimentState.choices, default=ExperimentState.PLANNED
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ExperimentState.values), name="experiment_state_known"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="experiment_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=(Q(state="planned", started_at=None, ended_at=None))
                | Q(state="running", started_at__isnull=False, ended_at=None)
                | Q(state="ended", started_at__isnull=False, ended_at__isnull=False),
                name="experiment_times_fit_state",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """One arm of an experiment. `instruction` is added to the one after the ticket; "" is the control, which adds nothing."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    name = models.CharField(max_length=40)
    instruction = models.TextField(blank=True)
    weight = models.PositiveSmallIntegerField(
        default=1, help_text="Its share of the tickets, beside the others' weights."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="variant_name_once"),
            models.CheckConstraint(
                condition=Q(weight__gte=1, weight__lte=100), name="variant_weight_in_1_to_100"
            ),
        ]

    def __str__(self) -> str:
        return self.name
