"""Alerts: what an operator should know and may have to mend. Any layer writes a row; delivering it is a service's work."""

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now


class AlertKind(models.TextChoices):
    BREAKER_OPEN = "breaker_open", "A model is failing and is left alone"
    MODEL_GONE = "model_gone", "A model on a route no longer exists"
    MODEL_RETIRING = "model_retiring", "A model on a route retires soon"
    BUDGET_SOFT = "budget_soft", "A budget is used up to its soft limit"
    BUDGET_HARD = "budget_hard", "A budget is used up"
    SPEND_CAP = "spend_cap", "The provider's spend limit is reached"
    KEY_REJECTED = "key_rejected", "The provider rejects the API key"
    REDIS_DOWN = "redis_down", "Redis is down"
    BATCH_LOST = "batch_lost", "A batch's creation was lost"
    WEBHOOK_DISABLED = "webhook_disabled", "A webhook failed for days and was switched off"
    LEDGER_DIFFERS = "ledger_differs", "The ledger differs from the provider's account"
    LEDGER_UNSURE = "ledger_unsure", "Requests whose cost nobody knows"
    COST_DAY = "cost_day", "A day costs more than it should"
    COST_FORECAST = "cost_forecast", "The month is going to cost more than its budget"
    ANSWERS_CUT = "answers_cut", "Answers are cut off at their length limit"
    SLOW = "slow", "Claude answers slowly"
    ERROR_RATE = "error_rate", "Many requests to Claude fail"
    CACHE_MISSES = "cache_misses", "The prompt cache is hardly used"
    QUEUE_AGE = "queue_age", "Tickets wait long for their triage"
    CORRECTIONS_DRIFT = "corrections_drift", "People correct more than they used to"
    ROLLUPS_OLD = "rollups_old", "The figures of the admin pages are old"
    AUDIT_DRIFT = "audit_drift", "Audits find too many automatic answers wrong"


class AlertManager(models.Manager["Alert"]):
    def open_once(self, kind: str, *, scope: str = "", message: str) -> bool:
        """Open an alert, or note that the open one of this kind and scope was seen again. Whether it is new."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO triage_alert AS kept (kind, scope, message, times)
                VALUES (%s, %s, %s, 1)
                ON CONFLICT (kind, scope) WHERE resolved_at IS NULL DO UPDATE
                   SET message = EXCLUDED.message, times = kept.times + 1, last_seen_at = clock_timestamp()
                RETURNING times = 1
                """,
                [kind, scope, message[:500]],
            )
            return bool(cursor.fetchone()[0])

    def resolve(self, kind: str, *, scope: str = "") -> bool:
        """Close the open alert of this kind and scope. Whether there was one."""
        mine = self.filter(kind=kind, scope=scope, resolved_at__isnull=True)
        return bool(mine.update(resolved_at=Now()))


class Alert(models.Model):
    """One thing that is or was wrong: opened once per kind and scope, resolved when it is over."""

    kind = models.CharField(max_length=20, choices=AlertKind.choices)
    scope = models.CharField(max_length=100, blank=True, help_text="A model, a budget, a batch.")
    message = models.CharField(max_length=500)
    times = models.PositiveIntegerField(default=1, help_text="How often it was seen.")
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(db_default=Now(), editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until then nobody is told of it, and it does not count as open.",
    )
    snoozed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was mailed and given to the webhooks."
    )
    told_end_at = models.DateTimeField(
        null=True, blank=True, help_text="When its end was told; only what was told has one."
    )

    objects = AlertManager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope"],
                condition=Q(resolved_at__isnull=True),
                name="alert_open_once_per_kind_and_scope",
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind_known"),
        ]
        indexes = [
            models.Index(fields=["opened_at"], name="alert_by_time"),
            models.Index(
                fields=["opened_at"], name="alert_unresolved", condition=Q(resolved_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.scope}" if self.scope else self.get_kind_display()


class AlertRule(models.Model):
    """When an alert on figures opens, where an admin wants it otherwise than the code (`services.alerts.rules`) has it."""

    kind = models.CharField(max_length=20, choices=AlertKind.choices, unique=True)
    limit = models.FloatField(
        null=True, blank=True, help_text="In the rule's own unit; empty: as usual."
    )
    is_on = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind"]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__isnull=True) | Q(limit__gte=0),
                name="alert_rule_limit_not_negative",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
