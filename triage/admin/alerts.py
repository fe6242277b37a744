"""Alerts: what is or was wrong. Written by the application; an admin may mark one as resolved."""

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import F, QuerySet
from django.http import HttpRequest

from triage.admin.lists import ReadOnlyAdmin
from triage.admin.look import chip, moment
from triage.models import Alert
from triage.services.gateway.catalog import name_of


class OpenFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        if self.value() in ("open", "resolved"):
            return queryset.filter(resolved_at__isnull=self.value() == "open")
        return queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    list_display = (
        "what",
        "state",
        "concerns",
        "message",
        "times",
        moment("opened_at", "Since"),
        moment("last_seen_at", "Last seen"),
        moment("resolved_at", "Resolved"),
    )
    list_filter = (OpenFilter, "kind")
    sortable_by = ()
    actions = ("mark_as_resolved",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return Alert.objects.order_by(F("resolved_at").desc(nulls_first=True), "-last_seen_at")

    @admin.display(description="Alert")
    def what(self, alert: Alert) -> str:
        return alert.get_kind_display()

    @chip("State", {"open": "danger", "resolved": "success"})
    def state(self, alert: Alert) -> tuple[str, str]:
        return ("resolved", "Resolved") if alert.resolved_at else ("open", "Open")

    @admin.display(description="Concerns")
    def concerns(self, alert: Alert) -> str:
        return name_of(alert.scope) or "—"

    @admin.action(description="Mark as resolved")
    def mark_as_resolved(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """It opens again by itself when the same is seen again."""
        found = queryset.filter(resolved_at=None).values_list("kind", "scope")
        resolved = sum(Alert.objects.resolve(kind, scope=scope) for kind, scope in list(found))
        text = "1 alert is resolved." if resolved == 1 else f"{resolved} alerts are resolved."
        messages.success(request, text)
