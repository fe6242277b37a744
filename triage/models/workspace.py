"""What agents keep in their workspace: views of the queue, and changes of many tickets that can be taken back."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Sharing(models.TextChoices):
    PRIVATE = "private", "Only me"
    TEAM = "team", "My team"
    ALL = "all", "Everybody"


class SavedView(models.Model):
    """One way to look at the queue, kept by a person. `query` is the part of the queue's address that says it."""

    owner = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.JSONField(help_text="{parameter: value}, as in the queue's address.")
    sharing = models.CharField(max_length=10, choices=Sharing.choices, default=Sharing.PRIVATE)
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Whose it is where a team shares it.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_named_once"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_named"),
            models.CheckConstraint(
                condition=Q(sharing__in=Sharing.values), name="saved_view_sharing_known"
            ),
            models.CheckConstraint(
                condition=~Q(sharing=Sharing.TEAM) | Q(team__isnull=False),
                name="saved_view_of_team_has_team",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BulkChange(models.Model):
    """One change of many tickets at once, with what it replaced, so that it can be taken back. Pruned after 30 days.

    `befores` is [{id, version, was: {field: value}}]: the version that the change left; a ticket that has moved on since is
    left alone when it is taken back.
    """

    by = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    action = models.CharField(max_length=20)
    value = models.CharField(max_length=120, blank=True)
    befores = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="bulk_change_by_age")]

    def __str__(self) -> str:
        return f"{self.action} {self.value}".strip()
