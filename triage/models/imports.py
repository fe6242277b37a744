"""Runs of the file import: how far one came, and what it counted."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ImportState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"


class Import(models.Model):
    """One file being read into tickets. Written by `services.importing`, a batch of lines at a time.

    `digest` recognises the same file again (size and a hash of its ends), so an interrupted run goes on after `lines_read`.
    """

    name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    source = models.CharField(max_length=60)
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.RUNNING
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    lines_read = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    known = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    unmapped = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_known"
            )
        ]
        indexes = [models.Index(fields=["digest", "source"], name="import_by_file")]

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"
