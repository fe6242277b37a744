"""The ledger: every call, every attempt under it, and the replies kept for equal calls.

Money is whole nano-dollars (one billionth of a US dollar). Rows are written by `services.gateway` alone, some of them in
plain SQL (`gateway/journal.py`, `gateway/dedup.py`), because they stand on the path of every request.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Now


class Feature(models.TextChoices):
    CLASSIFY = "classify", "Classify"
    ESCALATE = "escalate", "Escalate"
    DRAFT = "draft", "Draft"
    EVALUATE = "evaluate", "Evaluate"
    BACKFILL = "backfill", "Backfill"


class Obtained(models.TextChoices):
    """How a reply was come by."""

    FIRST = "first", "First try"
    RETRY = "retry", "After a retry"
    FALLBACK = "fallback", "From a fallback model"
    STORED = "stored", "Stored reply"
    JOINED = "joined", "Shared with an equal call"
    BATCH = "batch", "From a batch"
    STALE = "stale", "An older stored reply"
    CANNED = "canned", "A canned answer"


class Certainty(models.TextChoices):
    """How sure an attempt's cost is."""

    OPEN = "open", "In progress"
    KNOWN = "known", "Known"
    LOWER_BOUND = "lower_bound", "At least this"
    UNKNOWN = "unknown", "Unknown; the upper bound counts"
    NONE = "none", "Nothing was billed"


class CallState(models.TextChoices):
    RUNNING = "running", "Running"
    ANSWERED = "answered", "Answered"
    FAILED = "failed", "Failed"


REFUSED = ("budget_exceeded", "cost_cap", "rate_exceeded")  # errors that are limits of ours


class Call(models.Model):
    """One governed request to Claude, `by` a user, `about` a thing (kind and id; no foreign key)."""

    feature = models.CharField(max_length=10, choices=Feature.choices)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    about_kind = models.CharField(max_length=20, blank=True)
    about_id = models.CharField(max_length=40, blank=True)
    fingerprint = models.CharField(max_length=64)
    prompt_version = models.CharField(max_length=64, blank=True)
    model_asked = models.CharField(max_length=80)
    model_served = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=CallState.choices, default=CallState.RUNNING)
    obtained = models.CharField(max_length=10, choices=Obtained.choices, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    cost_nanousd = models.BigIntegerField(default=0)
    saved_nanousd = models.BigIntegerField(
        default=0, help_text="What a stored or shared reply had cost the call that paid for it."
    )
    error = models.CharField(max_length=40, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(feature__in=Feature.values), name="call_feature_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=CallState.values), name="call_state_known"
            ),
            models.CheckConstraint(condition=Q(cost_nanousd__gte=0), name="call_cost_not_negative"),
        ]
        indexes = [
            models.Index(fields=["about_kind", "about_id"], name="call_about"),
            models.Index(fields=["created_at", "feature"], name="call_by_time"),
            models.Index(Left("fingerprint", 8), F("id").desc(), name="call_fingerprint"),
            models.Index(
                fields=["-created_at"], name="call_refused", condition=Q(error__in=REFUSED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature} call {self.pk}"


class Attempt(models.Model):
    """One physical HTTP request under a call: what is billed. Not edited once its cost is known or nothing.

    Inserted and committed before the request leaves, settled after it. `cost_nanousd` is what counts as spent: the bound
    while `open` or `unknown`, the real cost afterwards.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="attempts")
    batch = models.ForeignKey(
        "triage.Batch", null=True, blank=True, on_delete=models.PROTECT, related_name="attempts"
    )
    number = models.PositiveSmallIntegerField()
    model = models.CharField(max_length=80)
    certainty = models.CharField(max_length=12, choices=Certainty.choices, default=Certainty.OPEN)
    bound_nanousd = models.BigIntegerField()
    cost_nanousd = models.BigIntegerField()
    price = models.JSONField(help_text="The price card used, US dollars per million tokens.")
    lease_until = models.DateTimeField()

    uncached_input_tokens = models.PositiveIntegerField(default=0)
    cache_write_5m_tokens = models.PositiveIntegerField(default=0)
    cache_write_1h_tokens = models.PositiveIntegerField(default=0)
    cache_read_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)

    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=40, blank=True)
    error_text = models.CharField(max_length=300, blank=True)
    stop_reason = models.CharField(max_length=40, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    rate_limits = models.JSONField(default=dict, blank=True)
    cache_miss_reason = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text="What the provider says of a cache miss.",
    )
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "number"], name="attempt_number_once_per_call"),
            models.CheckConstraint(
                condition=Q(certainty__in=Certainty.values), name="attempt_certainty_known"
            ),
            models.CheckConstraint(
                condition=Q(cost_nanousd__gte=0, bound_nanousd__gte=0),
                name="attempt_money_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(certainty__in=[Certainty.KNOWN, Certainty.LOWER_BOUND])
                | Q(settled_at__isnull=False),
                name="attempt_settled_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(certainty=Certainty.NONE) | Q(cost_nanousd=0),
                name="attempt_none_costs_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at"], name="attempt_by_time"),
            models.Index(
                fields=["request_id"], name="attempt_request_id", condition=~Q(request_id="")
            ),
            models.Index(
                fields=["lease_until"],
                name="attempt_open",
                condition=Q(certainty=Certainty.OPEN),
            ),
            models.Index(
                fields=["opened_at"],
                name="attempt_unsure",
                condition=Q(certainty__in=[Certainty.UNKNOWN, Certainty.LOWER_BOUND]),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of call {self.call_id} ({self.model})"

    @property
    def input_tokens(self) -> int:
        return (
            self.uncached_input_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
            + self.cache_read_tokens
        )


class StoredReply(models.Model):
    """One row per fingerprint: while `lease_until` is set, its owner is asking; `reply` is the last answer there was.

    The primary key makes a second equal call in flight impossible, in any process. A reply that is too old stays beside the
    new question, for when that fails.
    """

    fingerprint = models.CharField(max_length=64, primary_key=True)
    owner = models.BigIntegerField(help_text="The call that asks, or asked.")
    lease_until = models.DateTimeField(null=True, blank=True)
    reply = models.JSONField(null=True, blank=True)
    stored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "stored replies"
        constraints = [
            models.CheckConstraint(
                condition=Q(reply__isnull=True, stored_at__isnull=True)
                | Q(reply__isnull=False, stored_at__isnull=False),
                name="stored_reply_has_time",
            )
        ]
        indexes = [models.Index(fields=["stored_at"], name="stored_reply_by_age")]
