"""API tokens: what an integration shows instead of a password. Written by `accounts.tokens` alone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Scope(models.TextChoices):
    """What a token may do, as far as its user's role may."""

    TICKETS_READ = "tickets:read", "Read tickets, triage, drafts, labels and imports"
    TICKETS_WRITE = "tickets:write", "Create and change tickets, correct triage, ask for drafts"
    MESSAGES_SEND = "messages:send", "Send replies to customers"
    USAGE_READ = "usage:read", "Read usage and quota"
    ADMIN = "admin", "Manage webhooks; see everybody's usage and imports"


class ApiToken(models.Model):
    """One token of one user. Only the digest of its secret is kept; `hint` are the secret's last characters.

    It is never deleted, only revoked: what was done with it stays explicable.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    scopes = ArrayField(models.CharField(max_length=20))
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="api_token_named"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="api_token_has_scope"),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values),
                name="api_token_scopes_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"
