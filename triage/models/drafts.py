"""Drafts: replies that Claude proposes. Nothing of a draft leaves the house until a person or a token sends it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone


class DraftState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Being written"
    READY = "ready", "Ready"
    BROKEN = "broken", "Broken off"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    ACCEPTED = "accepted", "Taken into the editor"
    DISCARDED = "discarded", "Discarded"
    SENT = "sent", "Sent"


UNDERWAY = (DraftState.QUEUED, DraftState.RUNNING)
USABLE = (DraftState.READY, DraftState.BROKEN, DraftState.CANCELLED, DraftState.ACCEPTED)


class Tone(models.TextChoices):
    USUAL = "", "As usual"
    FRIENDLY = "friendly", "Friendlier"
    FORMAL = "formal", "More formal"
    BRIEF = "brief", "Brief"


class DraftManager(models.Manager["Draft"]):
    def mark_stale(self, ticket_id: int) -> int:
        """The requester has written again: what was drafted before no longer answers all. How many drafts that hits."""
        drafts = self.filter(ticket_id=ticket_id, state__in=(*UNDERWAY, *USABLE), stale_at=None)
        return drafts.update(stale_at=Now())


class Draft(models.Model):
    """One proposed reply to one ticket; also the work item that the drafts workers claim.

    Made `queued` by `services.drafts`, written by the worker that holds `lease_until` (on the database's clock). `text` is what
    there is so far: all of it in the end, whatever ended it. `thread_mark` is the newest message it answers, 0 for the
    description; a later one from the requester makes it stale.
    """

    ticket = models.ForeignKey("triage.Ticket", on_delete=models.CASCADE, related_name="drafts")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.QUEUED)
    is_fresh = models.BooleanField(
        default=False, help_text="Asked for anew: a stored reply does not do."
    )
    steer = models.CharField(
        max_length=300, blank=True, help_text="What the agent wants of it, in a line."
    )
    tone = models.CharField(max_length=10, choices=Tone.choices, blank=True)
    continues = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The broken draft that this one goes on with.",
    )
    sources = models.JSONField(
        default=list,
        blank=True,
        help_text="[{id, kind, title, url, is_cited, at}]: the articles it was given.",
    )
    text = models.TextField(blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    thread_mark = models.PositiveBigIntegerField(default=0)
    stale_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)

    model_asked = models.CharField(max_length=80, blank=True)
    model_served = models.CharField(max_length=80, blank=True)
    obtained = models.CharField(max_length=20, blank=True)
    prompt_version = models.CharField(max_length=64, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost_nanousd = models.BigIntegerField(default=0)

    enqueued_at = models.DateTimeField(default=timezone.now, null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveIntegerField(default=0, help_text="How often it was begun.")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was accepted, discarded or sent."
    )
    edited_share = models.FloatField(
        null=True,
        blank=True,
        help_text="Of a sent one: how much was changed, 0 (nothing) to 1 (all).",
    )
    message = models.OneToOneField(
        "triage.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="draft"
    )

    objects = DraftManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DraftState.values), name="draft_state_known"
            ),
            models.CheckConstraint(
                condition=Q(cost_nanousd__gte=0), name="draft_cost_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(state=DraftState.RUNNING) | Q(lease_until__isnull=False),
                name="draft_running_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNDERWAY) | Q(finished_at__isnull=False),
                name="draft_over_is_finished",
            ),
            models.CheckConstraint(
                condition=~Q(state=DraftState.FAILED) | ~Q(error_code=""),
                name="draft_failed_has_error",
            ),
            models.CheckConstraint(condition=Q(tone__in=Tone.values), name="draft_tone_known"),
            models.CheckConstraint(
                condition=Q(edited_share__isnull=True)
                | Q(edited_share__gte=0, edited_share__lte=1),
                name="draft_edited_share_in_0_to_1",
            ),
            models.UniqueConstraint(
                fields=["ticket"],
                condition=Q(state__in=UNDERWAY),
                name="draft_one_underway_per_ticket",
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "-created_at"], name="draft_of_ticket"),
            models.Index(fields=["created_at"], name="draft_by_time"),
            models.Index(
                fields=["enqueued_at"], name="draft_underway", condition=Q(state__in=UNDERWAY)
            ),
        ]

    def __str__(self) -> str:
        return f"Draft for ticket {self.ticket_id}: {self.state}"

    @property
    def is_underway(self) -> bool:
        return self.state in UNDERWAY

    @property
    def is_stale(self) -> bool:
        return self.stale_at is not None
