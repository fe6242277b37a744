"""Tickets, their thread and who asked. Written by `services.intake` and `services.tickets` alone."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, GeneratedField, Q
from django.db.models.functions import Coalesce, Left, Lower
from django.utils import timezone

SUBJECT_MAX_CHARACTERS = 255


class Status(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Open"
    PENDING = "pending", "Pending"
    HOLD = "hold", "On hold"
    SOLVED = "solved", "Solved"
    CLOSED = "closed", "Closed"


class Priority(models.TextChoices):
    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class Channel(models.TextChoices):
    API = "api", "API"
    EMAIL = "email", "E-mail"
    FORM = "form", "Form"
    IMPORT = "import", "Import"


FINISHED = (Status.SOLVED, Status.CLOSED)
OPEN = (Status.NEW, Status.OPEN, Status.PENDING, Status.HOLD)
# What the queue's views are narrowed to: all in the index of the open tickets, so that even a rare mix is found in it alone.
SHOWN_BY = (
    "needs_review",
    "is_skipped",
    "assignee",
    "team",
    "filed_label",
    "priority",
    "status",
)
# What the API's list, which is in the order of change, may be narrowed to.
UPDATED_BY = ("status", "priority", "label", "team", "assignee", "requester", "channel")


class Requester(models.Model):
    """One customer, known by e-mail address where there is one."""

    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="requester_email_unique", condition=~Q(email="")
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email or "Unknown requester"


class Ticket(models.Model):
    """One request of a customer, with what is currently true of it.

    `label` is what counts now: an applied decision or a person's choice. What triage thought, and why, stands in
    `triage`, the newest run; the queue files the ticket under its label or, until that is settled, under
    `suggested_label`. Fields that a person has set are named in `set_by_person`; triage leaves them alone.
    """

    subject = models.CharField(max_length=SUBJECT_MAX_CHARACTERS, blank=True)
    description = models.TextField()
    requester = models.ForeignKey(
        Requester, null=True, blank=True, on_delete=models.PROTECT, related_name="tickets"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    priority = models.CharField(max_length=10, choices=Priority.choices, blank=True)
    language = models.CharField(max_length=8, blank=True)
    sentiment = models.CharField(max_length=10, blank=True)
    label = models.ForeignKey(
        "triage.Label", null=True, blank=True, on_delete=models.PROTECT, related_name="tickets"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    assignee = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    custom_fields = models.JSONField(default=dict, blank=True)

    original_characters = models.PositiveIntegerField(
        help_text="Length as it came; longer than the description means it was cut."
    )
    instruction_text = models.CharField(
        max_length=200,
        blank=True,
        help_text="The passage that reads like an instruction to a machine, if any.",
    )
    known_label = models.CharField(
        max_length=200, blank=True, help_text="A known answer, as it came; for evaluation only."
    )
    split = models.CharField(max_length=20, blank=True)
    import_run = models.ForeignKey(
        "triage.Import", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    triage = models.OneToOneField(
        "triage.Triage", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    suggested_label = models.ForeignKey(
        "triage.Label",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="What the newest run named and nobody has settled.",
    )
    filed_label = GeneratedField(
        expression=Coalesce(F("label"), F("suggested_label")),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
    )
    needs_review = models.BooleanField(default=False)
    is_skipped = models.BooleanField(
        default=False, help_text="Claude could not be asked; triage is caught up later."
    )
    set_by_person = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    version = models.PositiveIntegerField(default=1)

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    solved_at = models.DateTimeField(null=True, blank=True)

    search = GeneratedField(
        expression=SearchVector("subject", weight="A", config="simple")
        + SearchVector(Left("description", 20_000), weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                name="ticket_source_external_id_unique",
                condition=~Q(external_id=""),
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="ticket_status_known"
            ),
            models.CheckConstraint(
                condition=Q(priority="") | Q(priority__in=Priority.values),
                name="ticket_priority_known",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="ticket_channel_known"
            ),
            models.CheckConstraint(condition=~Q(description=""), name="ticket_description_given"),
        ]
        indexes = [
            models.Index(F("created_at").desc(), F("id").desc(), name="ticket_newest"),
            models.Index(
                fields=["created_at", "id"],
                name="ticket_open",
                condition=Q(status__in=OPEN),
                include=SHOWN_BY,
            ),
            *(
                models.Index(
                    fields=["created_at", "id"],
                    name=f"ticket_open_{name}",
                    condition=Q(status__in=OPEN, **{name: True}),
                    include=["team", "filed_label", "priority", "status"],
                )
                for name in ("needs_review", "is_skipped")
            ),
            models.Index(
                fields=["assignee", "created_at", "id"],
                name="ticket_open_mine",
                condition=Q(status__in=OPEN),
                include=["team", "filed_label", "priority", "status"],
            ),
            models.Index(fields=["updated_at", "id"], name="ticket_updated"),
            *(
                models.Index(fields=[name, "updated_at", "id"], name=f"ticket_{name}_updated")
                for name in UPDATED_BY
            ),
            models.Index(
                fields=["source", "updated_at", "id"],
                name="ticket_source_updated",
                condition=~Q(source=""),
            ),
            models.Index(
                fields=["updated_at", "id"],
                name="ticket_review_updated",
                condition=Q(needs_review=True),
            ),
            models.Index(
                fields=["filed_label", "created_at", "id"], name="ticket_filed", include=["status"]
            ),
            models.Index(fields=["status", "created_at", "id"], name="ticket_status"),
            models.Index(fields=["team", "created_at", "id"], name="ticket_team"),
            models.Index(fields=["priority", "created_at", "id"], name="ticket_priority"),
            models.Index(
                fields=["solved_at"], name="ticket_solved", condition=Q(solved_at__isnull=False)
            ),
            GinIndex(fields=["search"], name="ticket_search"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    @property
    def title(self) -> str:
        """The subject, or the first words where there is none."""
        if self.subject:
            return self.subject
        first_line = self.description.strip().split("\n", 1)[0]
        return first_line if len(first_line) <= 90 else first_line[:89].rstrip() + "…"

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def was_cut(self) -> bool:
        return self.original_characters > len(self.description)


class TicketTag(models.Model):
    """One tag of one ticket in the order of the API's list. Written by the database alone, from the ticket's row."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="tag_rows", db_index=False
    )
    tag = models.CharField(max_length=60)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "tag"], name="ticket_tag_once"),
        ]
        indexes = [models.Index(fields=["tag", "updated_at", "ticket"], name="ticket_tag_updated")]

    def __str__(self) -> str:
        return self.tag


class AuthorKind(models.TextChoices):
    REQUESTER = "requester", "Requester"
    AGENT = "agent", "Agent"


class Message(models.Model):
    """One further message of a thread. The ticket's description is the first and has no row here.

    Of a reply that is to be mailed, `mail_due_at` is the lease of whoever mails it.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    author_kind = models.CharField(max_length=10, choices=AuthorKind.choices)
    author = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    is_public = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    mail_due_at = models.DateTimeField(
        null=True, blank=True, help_text="From when on it may be mailed; empty: no more."
    )
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(author_kind__in=AuthorKind.values), name="message_author_kind_known"
            ),
            models.CheckConstraint(condition=~Q(body=""), name="message_body_given"),
            models.CheckConstraint(
                condition=Q(mail_due_at__isnull=True)
                | Q(is_public=True, author_kind=AuthorKind.AGENT),
                name="message_mailed_is_a_reply",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                name="message_mail_due",
                condition=Q(mail_due_at__isnull=False),
            )
        ]
