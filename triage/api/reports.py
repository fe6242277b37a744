"""The tables of the admin pages, row by row the same: by name, for days, narrowed as the page is."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tokens
from accounts.models import Team
from accounts.models.tokens import Scope
from triage.api import days, docs, filters
from triage.api.auth import HasScope
from triage.api.base import Endpoint
from triage.api.schemas import Shape, list_of
from triage.models import Feature
from triage.models.rollups import NO_TEAM
from triage.selectors import rollups
from triage.selectors.cursor import BIGGEST_ID
from triage.selectors.objects import money, time_of
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Asked, Column, Filter, Kind, Report, Table
from triage.services.gateway.catalog import CATALOG

DAYS_AT_MOST = 366
NAME_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
FEATURE, MODEL, TEAM = "feature", "model", "team_id"
PARAMETER_OF = {Filter.FEATURE: FEATURE, Filter.MODEL: MODEL, Filter.TEAM: TEAM}
LISTED: docs.Json = {
    "data": [
        {
            "name": "costs-by-day",
            "title": "Costs by day",
            "about": "What each UTC day cost, by feature.",
            "filters": ["feature", "model", "team_id"],
        }
    ]
}
REPORT: docs.Json = {
    "report": "costs-by-team",
    "since": "2026-11-01",
    "until": "2026-11-21",
    "as_of": "2026-11-21T09:30:14.000000Z",
    "columns": [
        {"name": "team", "kind": "text"},
        {"name": "calls", "kind": "count"},
        {"name": "cost_usd", "kind": "money"},
    ],
    "data": [{"team": "Billing", "calls": 1200, "cost_usd": "0.071300000"}],
    "total": {"team": "All", "calls": 1200, "cost_usd": "0.071300000"},
}


class ListedReportShape(Shape[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    filters = serializers.ListField(
        child=serializers.ChoiceField([FEATURE, MODEL, TEAM]),
        help_text="What it can be narrowed by, beside the days.",
    )


class ColumnShape(Shape[Any]):
    name = serializers.CharField(help_text="The key in each row.")
    kind = serializers.ChoiceField([kind.value for kind in Kind])


class ReportShape(Shape[Any]):
    report = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    as_of = serializers.DateTimeField(
        allow_null=True, help_text="When the figures were last brought up to date."
    )
    columns = ColumnShape(many=True)
    data = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(child=serializers.JSONField()),
        help_text="The rows: dollars are strings with nine places, shares 0 to 1, times milliseconds.",
    )
    total = serializers.DictField(child=serializers.JSONField(), allow_null=True)


class SeesEverything(BasePermission):
    """The figures are of everybody: besides `usage:read` they ask for the scopes in the endpoint's `also`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        missing = [scope for scope in view.also if scope not in tokens.effective_scopes(view.token)]
        if missing:
            self.message = f"This shows everybody's usage: it needs the scope {missing[0]} too."
        return not missing


class ReportEndpoint(Endpoint):
    scopes = {"get": Scope.USAGE_READ}
    also: ClassVar[tuple[str, ...]] = (Scope.ADMIN,)
    permission_classes = (HasScope, SeesEverything)  # type: ignore[assignment]


class ReportListApi(ReportEndpoint):
    @extend_schema(
        operation_id="list_reports",
        summary="List reports",
        description="The tables of figures that the admin pages show.",
        responses=docs.answers({200: list_of(ListedReportShape)}),
        examples=[docs.example(LISTED)],
        tags=["usage"],
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request)
        return Response({"data": [_listed(report) for report in REPORTS.values()]})


class ReportDetailApi(ReportEndpoint):
    @extend_schema(
        operation_id="get_report",
        summary="Read a report",
        description="One table of figures for a range of UTC days. `/reports` says which filters it has; others are refused.",
        parameters=[
            OpenApiParameter(
                "name",
                {"type": "string", "pattern": NAME_PATTERN, "maxLength": 60},
                OpenApiParameter.PATH,
            ),
            *days.PARAMETERS,
            OpenApiParameter(FEATURE, {"type": "string", "enum": Feature.values}),
            OpenApiParameter(MODEL, {"type": "string", "enum": list(CATALOG)}),
            OpenApiParameter(
                TEAM,
                {"type": "integer", "minimum": NO_TEAM, "maximum": BIGGEST_ID},
                description="The team that has the ticket now; 0 is no team.",
            ),
        ],
        responses=docs.answers({200: ReportShape}),
        examples=[docs.example(REPORT)],
        tags=["usage"],
    )
    def get(self, request: Request, name: str) -> Response:
        report = REPORTS.get(name)
        if report is None:
            raise Http404
        filters.check_known(request, days.SINCE, days.UNTIL, *PARAMETER_OF.values())
        asked = _asked(request, report)
        return Response(_body(report, asked, report.build(asked)))


def _listed(report: Report) -> docs.Json:
    return {
        "name": report.name,
        "title": report.title,
        "about": report.about,
        "filters": [PARAMETER_OF[each] for each in Filter if each in report.filters],
    }


def _asked(request: Request, report: Report) -> Asked:
    """Raises ValidationError where a filter is unusable, or none of the report's."""
    period = days.period(request, days_at_most=DAYS_AT_MOST)
    query = request.query_params
    for each, name in PARAMETER_OF.items():
        if name in query and each not in report.filters:
            raise ValidationError({name: [f"{report.title} cannot be narrowed by it."]})
    feature = _choice(query.get(FEATURE), FEATURE, Feature.values)
    return Asked(
        period=period,
        feature=Feature(feature) if feature else None,
        model=_choice(query.get(MODEL), MODEL, CATALOG),
        team_id=_team_id(query.get(TEAM)),
    )


def _choice(text: str | None, name: str, known: Any) -> str | None:
    if text is not None and text not in known:
        raise ValidationError({name: [f"{text[:80]!r} is none of {', '.join(known)}."]})
    return text


def _team_id(text: str | None) -> int | None:
    if text is None:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) < 20
    team_id = int(text) if is_number else -1
    is_known = team_id == NO_TEAM or (
        NO_TEAM < team_id <= BIGGEST_ID and Team.objects.filter(pk=team_id).exists()
    )
    if not is_known:
        raise ValidationError({TEAM: ["There is no such team."]})
    return team_id


def _body(report: Report, asked: Asked, table: Table) -> docs.Json:
    return {
        "report": report.name,
        "since": asked.period.first.isoformat(),
        "until": asked.period.last.isoformat(),
        "as_of": time_of(rollups.refreshed_at()),
        "columns": [{"name": _key(c), "kind": c.kind.value} for c in table.columns],
        "data": [_row(table.columns, row) for row in table.rows],
        "total": _row(table.columns, table.total) if table.total else None,
    }


TIMES = frozenset({Kind.DAY, Kind.MOMENT})


def _row(columns: tuple[Column, ...], row: tuple[Any, ...]) -> Mapping[str, Any]:
    return {_key(c): _value(value, c.kind) for c, value in zip(columns, row, strict=True)}


def _key(column: Column) -> str:
    is_money = column.kind is Kind.MONEY and not column.name.endswith("_usd")
    return f"{column.name}_usd" if is_money else column.name


def _value(value: Any, kind: Kind) -> Any:
    if value is None or (kind in TIMES and isinstance(value, str)):
        return None  # a total has a word there
    if kind is Kind.MONEY:
        return money(value)
    if isinstance(value, datetime):
        return time_of(value)
    return value.isoformat() if isinstance(value, date) else value
