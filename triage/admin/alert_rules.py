"""The rules that watch figures: what each watches, its limit, what it reads just now. Admins may change limits and switches."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from triage.admin.formats import NOTHING
from triage.admin.look import ModelAdmin, ModelForm, NumberBox
from triage.models import AlertKind, AlertRule
from triage.services import alerts
from triage.services.alerts import RULES, Looked, Rule, Unit
from triage.services.gateway.catalog import name_of

SIGNS = {
    Unit.DOLLARS: "${:,.2f}",
    Unit.PERCENT: "{:,.1f} %",
    Unit.POINTS: "{:+,.1f} points",
    Unit.SECONDS: "{:,.1f} s",
    Unit.MINUTES: "{:,.0f} min",
    Unit.REQUESTS: "{:,.0f}",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule as the page shows it. `now` has a text for each thing that it watches."""

    name: str
    watches: str
    usual: str
    limit: str
    is_on: bool
    is_over: bool
    now: tuple[str, ...]
    address: str


class RuleForm(ModelForm[AlertRule]):
    """A rule's own limit and its switch; the kind comes from the address and stays."""

    limit = forms.FloatField(required=False, min_value=0, widget=NumberBox(attrs={"step": "any"}))

    class Meta:
        model = AlertRule
        fields = ("kind", "limit", "is_on")
        labels = {"is_on": "On"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = _rule(self.instance.kind or self.initial.get("kind"))
        if "kind" in self.fields:
            self.fields["kind"].choices = _choices()  # type: ignore[attr-defined]
        if rule is not None:
            self.fields["limit"].label = f"Limit, {rule.unit}"
            self.fields["limit"].help_text = f"{rule.watches} Empty: {rule.usual}."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        rule = _rule(self.instance.kind or cleaned.get("kind"))
        is_share = rule is not None and rule.unit is Unit.PERCENT
        if is_share and (cleaned.get("limit") or 0) >= 100:
            self.add_error("limit", "A limit in percent lies below 100.")
        return cleaned


@admin.register(AlertRule)
class AlertRuleAdmin(ModelAdmin[AlertRule]):
    """Every rule stands on the page; a row is there only where an admin wants one otherwise, and deleting it brings it back."""

    form = RuleForm
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> list[str]:
        return ["kind"] if obj else []

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        rows = {row.kind: row.pk for row in AlertRule.objects.all()}
        context = {
            **self.admin_site.each_context(request),
            "title": "Alert rules",
            "lines": [_line(looked, rows) for looked in alerts.look(timezone.now())],
            "recipients": alerts.recipients(),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/alert_rules.html", context)


def in_unit(value: float | None, unit: Unit) -> str:
    return NOTHING if value is None else SIGNS[unit].format(value)


def _line(looked: Looked, rows: dict[str, int]) -> Line:
    rule = looked.rule
    own = looked.own_limit
    return Line(
        name=rule.kind.label,
        watches=rule.watches,
        usual=rule.usual,
        limit="" if own is None else in_unit(own, rule.unit).lstrip("+"),
        is_on=looked.is_on,
        is_over=any(reading.is_over for reading in looked.readings),
        now=_now(looked),
        address=_address(rule.kind, rows.get(rule.kind)),
    )


def _now(looked: Looked) -> tuple[str, ...]:
    if looked.failed:
        return ("could not be read; see the log",)
    unit = looked.rule.unit
    return tuple(
        f"{name_of(each.scope).capitalize()}: {in_unit(each.value, unit)}"
        if each.scope
        else in_unit(each.value, unit)
        for each in looked.readings
    ) or (NOTHING,)


def _address(kind: AlertKind, row_id: int | None) -> str:
    if row_id is not None:
        return reverse("admin:triage_alertrule_change", args=[row_id])
    return f"{reverse('admin:triage_alertrule_add')}?{urlencode({'kind': kind.value})}"


def _rule(kind: str | None) -> Rule | None:
    return next((rule for rule in RULES.values() if rule.kind == kind), None)


def _choices() -> list[tuple[str, str]]:
    return [(kind.value, kind.label) for kind in RULES]
