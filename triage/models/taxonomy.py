"""Labels people edit, and the immutable snapshots that decisions name."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

LABEL_MAX_CHARACTERS = 120


class Label(models.Model):
    """One value of the taxonomy. Edited by admins; Claude sees it once it is published."""

    slug = models.CharField(max_length=LABEL_MAX_CHARACTERS)
    name = models.CharField(max_length=LABEL_MAX_CHARACTERS)
    description = models.TextField(blank=True, help_text="What belongs here, in a sentence or two.")
    exclusions = models.TextField(blank=True, help_text="What does not, and where it goes instead.")
    examples = ArrayField(models.TextField(), default=list, blank=True)
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="labels"
    )
    always_escalate = models.BooleanField(
        default=False, help_text="A hard label: the strong model decides whenever it is in play."
    )
    auto_apply = models.BooleanField(
        default=False, help_text="Sure answers are applied without review."
    )
    auto_apply_reason = models.CharField(
        max_length=200, blank=True, help_text="Who switched it on, and on what grounds."
    )
    auto_apply_evaluation = models.ForeignKey(
        "triage.Evaluation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="What proved it; empty: somebody overrode the gate.",
    )
    threshold = models.FloatField(
        null=True, blank=True, help_text="Own confidence threshold, 0 to 1; empty: the general one."
    )
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="label_slug_unique"),
            models.CheckConstraint(condition=~Q(slug=""), name="label_slug_given"),
            models.CheckConstraint(
                condition=Q(threshold__isnull=True) | Q(threshold__gte=0, threshold__lte=1),
                name="label_threshold_in_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(auto_apply=False) | ~Q(auto_apply_reason=""),
                name="label_auto_apply_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TaxonomyVersion(models.Model):
    """An immutable snapshot of the active labels; a database trigger refuses updates and deletes.

    `labels` is a list of `{slug, name, description, exclusions, examples, team, always_escalate, auto_apply, threshold}`
    sorted by slug. `digest` is the SHA-256 of its canonical JSON: equal digests mean equal labels, and so equal prompts.
    """

    number = models.PositiveIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    labels = models.JSONField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = [F("number").desc()]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="taxonomy_number_positive")
        ]

    def __str__(self) -> str:
        return f"Taxonomy {self.number}"
