"""The ledger: every call and every attempt under it. Read-only for everybody."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from triage.admin.formats import dollars, milliseconds
from triage.admin.links import about
from triage.admin.lists import ReadOnlyAdmin, ReadOnlyInline
from triage.admin.look import chip, moment
from triage.models import Attempt, Call, Certainty, Obtained
from triage.models.ledger import CallState
from triage.services.gateway.catalog import CATALOG, name_of

LIMIT_PREFIX = "anthropic-ratelimit-"
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


class ModelFilter(SimpleListFilter):
    """The models of the catalogue: looking up which ones the ledger names would read all of it."""

    title = "model"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(card.id, card.name) for card in CATALOG.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Calls that were served by the model, or asked it and were served by none."""
        model = self.value()
        if not model:
            return queryset
        return queryset.filter(Q(model_served=model) | Q(model_served="", model_asked=model))


class AttemptInline(ReadOnlyInline[Attempt]):
    """What was billed under the call."""

    model = Attempt
    ordering = ("number",)
    fields = readonly_fields = ("what", "tokens", "cost", "times", "stamp")

    @admin.display(description="Attempt")
    def what(self, attempt: Attempt) -> SafeString:
        context = {"attempt": attempt, "model": name_of(attempt.model)}
        return render_to_string("admin/attempt_what.html", context)

    @admin.display(description="Tokens")
    def tokens(self, attempt: Attempt) -> SafeString:
        return _pairs(
            {
                "uncached": f"{attempt.uncached_input_tokens:,}",
                "cache write, 5 min": f"{attempt.cache_write_5m_tokens:,}",
                "cache write, 1 h": f"{attempt.cache_write_1h_tokens:,}",
                "cache read": f"{attempt.cache_read_tokens:,}",
                "output": f"{attempt.output_tokens:,}",
            }
        )

    @admin.display(description="Cost")
    def cost(self, attempt: Attempt) -> SafeString:
        return _pairs(
            {
                "counts": dollars(attempt.cost_nanousd),
                "held before": dollars(attempt.bound_nanousd),
                "certainty": Certainty(attempt.certainty).label,
            }
        )

    @admin.display(description="Time")
    def times(self, attempt: Attempt) -> SafeString:
        return _pairs(
            {
                "sent": f"{attempt.opened_at:%-d %b %Y}",
                "UTC": f"{attempt.opened_at:%H:%M:%S}",
                "took": milliseconds(attempt.latency_ms),
                "first token": milliseconds(attempt.first_token_ms),
            }
        )

    @admin.display(description="Price used and rate limits")
    def stamp(self, attempt: Attempt) -> SafeString:
        limits = {
            name.removeprefix(LIMIT_PREFIX): value for name, value in attempt.rate_limits.items()
        }
        context = {"price": _readable(attempt.price), "limits": limits}
        return render_to_string("admin/attempt_stamp.html", context)


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin[Call]):
    list_display = (
        moment("created_at", "Made"),
        "feature",
        "about_what",
        "asked",
        "served",
        "outcome",
        "tries",
        "cost",
        "took",
        "error",
    )
    list_select_related = ("by",)
    list_filter = ("feature", "obtained", "state", ModelFilter)
    ordering = ("-id",)
    sortable_by = ()
    inlines = (AttemptInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("feature", "about_what", "by"),
                    ("asked", "served", "outcome_text"),
                    ("cost", "saved", "took"),
                    ("tries", "error", "state"),
                    ("created_at", "finished_at"),
                    "prompt_version",
                    "fingerprint",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Call | None = None) -> list[str]:
        return ["about_what", "asked", "served", "outcome_text", "cost", "saved", "took"]

    @admin.display(description="About")
    def about_what(self, call: Call) -> SafeString | str:
        return about(call.about_kind, call.about_id)

    @admin.display(description="Asked")
    def asked(self, call: Call) -> str:
        return name_of(call.model_asked)

    @admin.display(description="Served")
    def served(self, call: Call) -> str:
        return name_of(call.model_served) or "—"

    @chip("Obtained", OUTCOME_COLORS)
    def outcome(self, call: Call) -> tuple[str, str]:
        return (call.obtained or call.state, self.outcome_text(call))

    @admin.display(description="Obtained")
    def outcome_text(self, call: Call) -> str:
        return Obtained(call.obtained).label if call.obtained else CallState(call.state).label

    @admin.display(description="Cost")
    def cost(self, call: Call) -> str:
        return dollars(call.cost_nanousd)

    @admin.display(description="Saved by an equal call")
    def saved(self, call: Call) -> str:
        return dollars(call.saved_nanousd)

    @admin.display(description="Took")
    def took(self, call: Call) -> str:
        return milliseconds(call.latency_ms)


def _pairs(pairs: Mapping[str, Any]) -> SafeString:
    """Names and values, one pair a line."""
    return render_to_string("admin/pairs.html", {"pairs": pairs})


def _readable(stamp: Mapping[str, Any]) -> dict[str, str]:
    """A price stamp with its names in words; prices above a band of tokens stand behind those below."""
    lines: dict[str, str] = {}
    for name, value in stamp.items():
        nested = value if isinstance(value, Mapping) else {"": value}
        lines |= {f"{name} {part}".strip().replace("_", " "): str(v) for part, v in nested.items()}
    return lines
