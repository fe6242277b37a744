"""Message Batches: how far each is, what became of its lines, what it cost. Read-only; the application works them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from triage.admin.formats import NOTHING, count, dollars
from triage.admin.lists import BoundedList, ReadOnlyAdmin
from triage.admin.look import chip, moment
from triage.models import Batch, BatchState
from triage.selectors.batches import lines_of, with_lines
from triage.services.gateway.catalog import name_of

STATE_COLORS = {
    BatchState.READY: "",
    BatchState.SUBMITTING: "info",
    BatchState.LOST: "warning",
    BatchState.SUBMITTED: "info",
    BatchState.COLLECTED: "success",
    BatchState.FAILED: "danger",
}


class BatchList(BoundedList):
    """Reads the lines of a page's batches together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        with_lines(self.result_list)


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin[Batch]):
    list_display = (
        "number",
        "feature",
        "model_name",
        "progress",
        "lines",
        "certainties",
        "cost",
        "provider_id",
        moment("created_at", "Made"),
        moment("ended_at", "Ended"),
    )
    list_filter = ("state", "feature")
    ordering = ("-id",)
    sortable_by = ()
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("feature", "model_name", "state"),
                    ("lines", "line_counts", "cost"),
                    ("provider_id", "error"),
                )
            },
        ),
        (
            "Times",
            {
                "fields": (
                    ("created_at", "submitting_at", "expires_at"),
                    ("ended_at", "collected_at", "lease_until"),
                    "ruled_out",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return super().get_queryset(request).defer("system")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedList]:
        return BatchList

    def get_readonly_fields(self, request: HttpRequest, obj: Batch | None = None) -> list[str]:
        return ["model_name", "line_counts", "cost"]

    @admin.display(description="Batch")
    def number(self, batch: Batch) -> str:
        return f"#{batch.pk}"

    @admin.display(description="Model")
    def model_name(self, batch: Batch) -> str:
        return name_of(batch.model)

    @chip("State", STATE_COLORS)
    def progress(self, batch: Batch) -> tuple[str, str]:
        return (batch.state, BatchState(batch.state).label)

    @admin.display(description="Costs known")
    def certainties(self, batch: Batch) -> str:
        """How many lines stand how: "980 known, 20 nothing was billed"."""
        found = lines_of(batch).by_certainty
        return ", ".join(f"{count(n)} {name.label.lower()}" for name, n in found.items()) or NOTHING

    @admin.display(description="Costs of the lines")
    def line_counts(self, batch: Batch) -> SafeString:
        found = lines_of(batch).by_certainty
        pairs = {name.label: count(number) for name, number in found.items()}
        return render_to_string("admin/pairs.html", {"pairs": pairs})

    @admin.display(description="Cost")
    def cost(self, batch: Batch) -> str:
        """What is open or unknown counts with its upper bound."""
        return dollars(lines_of(batch).cost_nanousd)
