"""Tickets as an admin looks them up. They are worked in the workspace; nothing is edited here."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ChoicesFieldListFilter
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from triage.admin.formats import dollars, milliseconds
from triage.admin.links import calls_about, link
from triage.admin.lists import ReadOnlyAdmin, ReadOnlyInline
from triage.admin.look import chip, moment
from triage.models import Message, State, Ticket, Triage
from triage.services.gateway.catalog import name_of

MAX_ID = 2**63 - 1
CREATED = moment("created_at", "Created")
STATE_COLORS = {
    State.QUEUED: "info",
    State.RUNNING: "info",
    State.DONE: "success",
    State.SKIPPED: "warning",
    State.FAILED: "danger",
}


class RunInline(ReadOnlyInline[Triage]):
    """Every cascade run on the ticket, the newest first."""

    model = Triage
    verbose_name_plural = "triage runs"
    ordering = ("-created_at", "-id")
    fields = readonly_fields = (
        "began",
        "state",
        "stage",
        "went_up",
        "why",
        "model_name",
        "cost",
        "took",
    )

    @admin.display(description="Made (UTC)")
    def began(self, run: Triage) -> str:
        return f"{run.created_at:%-d %b %Y, %H:%M}"

    @admin.display(description="Escalated")
    def went_up(self, run: Triage) -> str:
        return "yes" if run.escalated else "no"

    @admin.display(description="Why")
    def why(self, run: Triage) -> str:
        return run.skip_reason or run.escalation_reason or run.reason or "—"

    @admin.display(description="Model")
    def model_name(self, run: Triage) -> str:
        return name_of(run.model_served or run.model_asked) or "—"

    @admin.display(description="Cost")
    def cost(self, run: Triage) -> str:
        return dollars(run.cost_nanousd)

    @admin.display(description="Took")
    def took(self, run: Triage) -> str:
        return milliseconds(run.latency_ms)


class MessageInline(ReadOnlyInline[Message]):
    model = Message
    fields = readonly_fields = ("created_at", "author_kind", "author_name", "is_public", "body")


class TriageStateFilter(ChoicesFieldListFilter):
    """By the newest run's state."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "triage"


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin[Ticket]):
    list_display = (
        "number",
        "title",
        "status",
        "priority",
        "label",
        "team",
        "triage_state",
        "source",
        CREATED,
    )
    list_display_links = ("number", "title")
    list_select_related = ("label", "team", "triage")
    list_filter = (
        "status",
        "priority",
        ("triage__state", TriageStateFilter),
        "needs_review",
        "channel",
        "team",
        "label",
    )
    search_fields = ("search",)
    search_help_text = "Words, or a number such as #1042"
    ordering = ("-created_at", "-id")
    sortable_by = (CREATED,)  # type: ignore[assignment]
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "elsewhere",
                    ("status", "priority", "label"),
                    ("team", "assignee", "requester"),
                    ("language", "sentiment", "needs_review"),
                    "subject",
                    "text",
                )
            },
        ),
        (
            "Where it came from",
            {
                "fields": (
                    ("channel", "source", "external_id"),
                    ("created_at", "updated_at", "solved_at"),
                    ("original_characters", "instruction_text"),
                    ("tags", "set_by_person", "version"),
                    ("import_run", "known_label", "split"),
                    "custom_fields",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return super().get_queryset(request).defer("search")

    def get_inlines(self, request: HttpRequest, obj: Ticket | None) -> list[type[Any]]:
        has_thread = obj is not None and obj.messages.exists()
        return [RunInline, MessageInline] if has_thread else [RunInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Ticket | None = None) -> list[str]:
        return ["elsewhere", "text"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A number finds the ticket of that number and whatever mentions it; everything else is full-text search."""
        words = search_term.replace("\x00", "").strip()
        if not words:
            return queryset, False
        found = Q(search=SearchQuery(words, search_type="websearch", config="simple"))
        number = words.removeprefix("#")
        if number.isascii() and number.isdigit() and int(number) <= MAX_ID:
            found |= Q(pk=int(number))
        return queryset.filter(found), False

    @admin.display(description="#", ordering="id")
    def number(self, ticket: Ticket) -> str:
        return f"#{ticket.pk}"

    @admin.display(description="Title")
    def title(self, ticket: Ticket) -> str:
        return ticket.title

    @chip("Triage", STATE_COLORS)
    def triage_state(self, ticket: Ticket) -> tuple[str, str]:
        if ticket.triage is None:
            return ("", "None")
        return (ticket.triage.state, State(ticket.triage.state).label)

    @admin.display(description="Text")
    def text(self, ticket: Ticket) -> SafeString:
        return format_html('<div class="pages-text">{}</div>', ticket.description)

    @admin.display(description="Elsewhere")
    def elsewhere(self, ticket: Ticket) -> SafeString:
        workspace = link(reverse("ticket", args=[ticket.pk]), "Open in the workspace")
        return format_html(
            "{} · {}", workspace, calls_about("ticket", ticket.pk, "Calls to Claude")
        )
