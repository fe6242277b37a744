"""The ledger: any call found, and one call read down to its tokens. Read-only for everybody."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from triage.admin.formats import dollars, milliseconds
from triage.admin.ledger_asking import CHOICES, FORMS, FRAME, CallQuestion, Choices, read
from triage.admin.ledger_page import context_of, obtained_in_words
from triage.admin.links import about
from triage.admin.lists import BoundedList, ReadOnlyAdmin
from triage.admin.look import ChangeList, chip, moment
from triage.models import Call, Obtained
from triage.models.ledger import CallState
from triage.models.prompts import KEPT_DAYS
from triage.selectors.ledger import LONGEST_DAYS, RangeTooLong, find
from triage.selectors.ledger_call import EQUAL_AT_MOST
from triage.services.gateway.catalog import name_of

OUTCOME_COLORS = {
    CallState.RUNNING: "info",
    CallState.FAILED: "danger",
    Obtained.FIRST: "success",
    Obtained.RETRY: "warning",
    Obtained.FALLBACK: "warning",
    Obtained.STORED: "",
    Obtained.JOINED: "",
    Obtained.BATCH: "success",
    Obtained.STALE: "warning",
    Obtained.CANNED: "danger",
}
TITLES = {
    "feature": "Feature",
    "asked": "Asked",
    "served": "Served by",
    "obtained": "Obtained",
    "state": "State",
    "error": "Error",
    "certainty": "Cost is",
}


@dataclass(frozen=True, slots=True)
class Select:
    """One choice of the form, with what is chosen."""

    name: str
    title: str
    choices: Choices
    chosen: str


class CallList(BoundedList):
    """The calls that the address asks for, and what has to be said of them: `note`, or why there are none, `refusal`."""

    question: CallQuestion
    note = ""
    refusal = ""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Call]:
        """Nothing of Django's own lookups: each of them could read the whole table."""
        self.filter_specs, self.has_filters, self.has_active_filters = [], False, False
        self.question = read(request.GET)
        if not self.question.is_clear:
            return Call.objects.none()
        try:
            found = find(self.question.search)
        except RangeTooLong as error:
            self.refusal = str(error)
            return Call.objects.none()
        self.note = found.note
        return found.calls.select_related("by")

    @property
    def is_asked(self) -> bool:
        """Whether the address asks for anything but a page of all calls."""
        return bool(self.params.keys() - FRAME)

    @property
    def selects(self) -> list[Select]:
        chosen = self.question.texts
        return [
            Select(name, TITLES[name], choices, chosen.get(name, ""))
            for name, choices in CHOICES.items()
        ]


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin[Call]):
    list_display = (
        "number",
        moment("created_at", "Made"),
        "feature",
        "about_what",
        "by",
        "asked",
        "served",
        "outcome",
        "tries",
        "cost",
        "took",
        "error",
    )
    ordering = ("-id",)
    sortable_by = ()
    fields = ()
    change_list_template = "admin/ledger.html"
    list_before_template = "admin/ledger_asking.html"
    change_form_template = "admin/call_page.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CallList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        said = {"forms": FORMS, "longest_days": LONGEST_DAYS}
        return super().changelist_view(request, {**said, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of one call instead of a form."""
        call: Call = kwargs["obj"]
        said = {"title": f"Call {call.pk}", "kept_days": KEPT_DAYS, "equal_at_most": EQUAL_AT_MOST}
        context |= {**said, **context_of(call)}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Call")
    def number(self, call: Call) -> int:
        return call.pk

    @admin.display(description="About")
    def about_what(self, call: Call) -> str:
        return about(call.about_kind, call.about_id)

    @admin.display(description="Asked")
    def asked(self, call: Call) -> str:
        return name_of(call.model_asked)

    @admin.display(description="Served")
    def served(self, call: Call) -> str:
        return name_of(call.model_served) or "—"

    @chip("Obtained", OUTCOME_COLORS)
    def outcome(self, call: Call) -> tuple[str, str]:
        return (call.obtained or call.state, obtained_in_words(call))

    @admin.display(description="Cost")
    def cost(self, call: Call) -> str:
        return dollars(call.cost_nanousd)

    @admin.display(description="Took")
    def took(self, call: Call) -> str:
        return milliseconds(call.latency_ms)
