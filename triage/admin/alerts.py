"""Alerts: what is or was wrong, since when, and which page explains it. An admin may snooze one or mark it as resolved."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from triage.admin.links import link
from triage.admin.lists import ReadOnlyAdmin
from triage.admin.look import chip, moment
from triage.admin.people_actions import acting
from triage.models import Alert, AlertKind
from triage.services import alerts
from triage.services.gateway.catalog import name_of

Action = Callable[[Any, HttpRequest, QuerySet[Alert]], None]
STATES = {"open": "Open", "snoozed": "Snoozed", "resolved": "Resolved"}
COLORS = {"open": "danger", "snoozed": "warning", "resolved": "success"}


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        now = timezone.now()
        is_awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now)
        wanted = {
            "open": is_awake & Q(resolved_at=None),
            "snoozed": Q(resolved_at=None, snoozed_until__gt=now),
            "resolved": Q(resolved_at__isnull=False),
        }
        return queryset.filter(wanted[self.value() or ""]) if self.value() in wanted else queryset


def snoozing(lasting: timedelta, words: str) -> Action:
    """An action that snoozes the chosen alerts for so long; `words` say how long."""

    @admin.action(description=f"Snooze {words}")
    def action(page: Any, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        chosen = queryset.values_list("pk", flat=True)
        number = alerts.snooze(chosen, lasting=lasting, by=acting(request))
        messages.success(request, f"{counted(number)} snoozed {words}.")

    return action


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    list_display = (
        "state",
        "what",
        "said",
        "explained",
        "lasting",
        moment("opened_at", "Since"),
        moment("resolved_at", "Resolved"),
    )
    list_filter = (StateFilter, "kind")
    list_before_template = "admin/alerts_about.html"
    readonly_fields = ("state", "concerns", "explained", "advice")
    fields = (
        ("kind", "concerns"),
        "message",
        "advice",
        "explained",
        ("state", "times"),
        ("opened_at", "last_seen_at", "resolved_at"),
        ("snoozed_until", "snoozed_by"),
        ("told_at", "told_end_at"),
    )
    sortable_by = ()
    actions = (
        "snooze_hour",
        "snooze_day",
        "snooze_week",
        "snooze_until_resolved",
        "wake",
        "mark_as_resolved",
    )
    snooze_hour = snoozing(timedelta(hours=1), "for an hour")
    snooze_day = snoozing(timedelta(days=1), "for a day")
    snooze_week = snoozing(timedelta(weeks=1), "for a week")
    snooze_until_resolved = snoozing(alerts.UNTIL_RESOLVED, "until resolved")

    class Media:
        css = {"all": ["admin_pages/alerts.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        is_snoozed = When(snoozed_until__gt=timezone.now(), then=Value(1))
        rank = Case(When(resolved_at__isnull=False, then=Value(2)), is_snoozed, default=Value(0))
        return Alert.objects.annotate(rank=rank)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The open ones first, then the snoozed, then the resolved; in each what was seen last first."""
        return "rank", "-resolved_at", "-last_seen_at"

    @chip("State", COLORS)
    def state(self, alert: Alert) -> tuple[str, str]:
        state = state_of(alert)
        if state != "snoozed" or alert.snoozed_until is None:
            return state, STATES[state]
        return state, f"Snoozed until {in_words(alert.snoozed_until)}"

    @admin.display(description="Alert")
    def what(self, alert: Alert) -> str:
        return alerts.about(alert.kind, alert.scope)

    @admin.display(description="Message")
    def said(self, alert: Alert) -> SafeString:
        return format_html('<div class="alerts-message">{}</div>', alert.message)

    @admin.display(description="Concerns")
    def concerns(self, alert: Alert) -> str:
        return name_of(alert.scope) or "—"

    @admin.display(description="Page")
    def explained(self, alert: Alert) -> SafeString:
        return link(alerts.MEANINGS[AlertKind(alert.kind)].address(alert.scope), "Explain")

    @admin.display(description="What to do")
    def advice(self, alert: Alert) -> str:
        return alerts.MEANINGS[AlertKind(alert.kind)].advice

    @admin.display(description="For")
    def lasting(self, alert: Alert) -> str:
        """How long it has been open, or was."""
        return timesince(alert.opened_at, alert.resolved_at, depth=1)

    @admin.action(description="Wake")
    def wake(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        number = alerts.wake(queryset.values_list("pk", flat=True), by=acting(request))
        messages.success(request, f"{counted(number)} woken.")

    @admin.action(description="Mark as resolved")
    def mark_as_resolved(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """It opens again by itself when the same is seen again."""
        found = queryset.filter(resolved_at=None).values_list("kind", "scope")
        resolved = sum(Alert.objects.resolve(kind, scope=scope) for kind, scope in list(found))
        messages.success(request, f"{counted(resolved)} resolved.")


def state_of(alert: Alert) -> str:
    if alert.resolved_at:
        return "resolved"
    is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > timezone.now()
    return "snoozed" if is_snoozed else "open"


def in_words(until: datetime) -> str:
    """A year is what "until resolved" was stored as."""
    if until - timezone.now() > alerts.UNTIL_RESOLVED / 2:
        return "resolved"
    return f"{until.astimezone(UTC):%-d %b, %H:%M}"


def counted(number: int) -> str:
    return "1 alert is" if number == 1 else f"{number} alerts are"
