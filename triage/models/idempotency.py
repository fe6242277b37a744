"""Answers given under an Idempotency-Key, kept for a day. Written by the API."""

from django.db import models
from django.utils import timezone


class KeptAnswer(models.Model):
    """The answer to one POST, committed together with what it created; the same key gets it again."""

    token = models.ForeignKey("accounts.ApiToken", on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token", "path", "key"], name="kept_answer_once_per_key"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.path} {self.key}: {self.status}"
