"""What Claude saw and said, call by call, masked as it left the house. Written by `services.gateway`; pruned after 30 days."""

from django.db import models
from django.db.models.functions import Now

KEPT_DAYS = 30


class PromptGuide(models.Model):
    """The part of a prompt that all calls of a version share: kept once, by the digest of both its columns."""

    digest = models.CharField(max_length=64, primary_key=True)
    system = models.TextField()
    schema = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return self.digest[:12]


class Prompt(models.Model):
    """One call's own part of its prompt, and the answer to it. `content` are the texts of the user message, in order.

    `guide_digest` is no foreign key: this row is written on the path of every request.
    """

    call = models.OneToOneField(
        "triage.Call", on_delete=models.CASCADE, primary_key=True, related_name="prompt"
    )
    guide_digest = models.CharField(max_length=64)
    content = models.JSONField(help_text="[text]")
    max_tokens = models.PositiveIntegerField()
    reply = models.TextField(blank=True, help_text="Empty where there is none.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="prompt_by_age")]

    def __str__(self) -> str:
        return f"prompt of call {self.call_id}"
