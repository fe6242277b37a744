"""Runs of the file import: how far one came, and what it counted."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ImportState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Import(models.Model):
    """One file being read into tickets. Written by `services.importing`, a batch of lines at a time.

    `digest` recognises the same file again (size and a hash of its ends), so an interrupted run goes on after `lines_read`.
    `upload` is the name of the file that came through the API, until it has been read; "" for one that a command reads.
    `problems` are the first refused lines: `{line, reason}`.
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
    upload = models.CharField(max_length=80, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)
    problems = models.JSONField(default=list, blank=True)
    error = models.CharField(max_length=500, blank=True)
    enqueued_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=ImportState.FAILED) | ~Q(error=""),
                name="import_failed_has_error",
            ),
        ]
        indexes = [
            models.Index(fields=["digest", "source"], name="import_by_file"),
            models.Index(
                fields=["updated_at"],
                name="import_underway",
                condition=Q(state__in=[ImportState.QUEUED, ImportState.RUNNING]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"
