"""What was used and what is left."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tokens
from accounts.models import User
from accounts.models.tokens import Scope
from triage.api import days, docs, filters
from triage.api.base import Endpoint
from triage.api.schemas import Shape
from triage.models import Budget
from triage.models import Scope as Owner
from triage.selectors import budgets
from triage.selectors.objects import money, time_of
from triage.selectors.usage import Group, GroupUsage, grouped
from triage.services.gateway import rates
from triage.services.gateway.budgets import window_end

DAYS_AT_MOST = 92
NAMES = "|".join(Group.values)
GROUP_BY = "group_by"
ROW: docs.Json = {
    "feature": "classify",
    "model": "claude-haiku-5-5",
    "calls": 1200,
    "attempts": 1214,
    "errors": 9,
    "uncached_input_tokens": 180_000,
    "cache_write_tokens": 12_400,
    "cache_read_tokens": 2_100_000,
    "output_tokens": 61_000,
    "cost_usd": "0.071300000",
}
USAGE: docs.Json = {"since": "2026-11-01", "until": "2026-11-21", "data": [ROW]}
QUOTA: docs.Json = {
    "calls_per_minute": {"limit": 20, "remaining": 18, "resets_at": "2026-11-21T09:31:00.000000Z"},
    "budgets": [
        {
            "scope": "installation",
            "period": "day",
            "limit_usd": "25.000000000",
            "used_usd": "3.120000000",
            "resets_at": "2026-11-22T00:00:00.000000Z",
        }
    ],
}


class UsageRowShape(Shape[Any]):
    feature = serializers.CharField(required=False)
    model = serializers.CharField(required=False)
    day = serializers.DateField(required=False)
    user = serializers.CharField(required=False)
    calls = serializers.IntegerField()
    attempts = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    uncached_input_tokens = serializers.IntegerField()
    cache_write_tokens = serializers.IntegerField()
    cache_read_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_usd = serializers.CharField()


class UsageShape(Shape[Any]):
    since = serializers.DateField()
    until = serializers.DateField()
    data = UsageRowShape(many=True)  # type: ignore[assignment]


class RateShape(Shape[Any]):
    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    resets_at = serializers.DateTimeField()


class BudgetShape(Shape[Any]):
    scope = serializers.ChoiceField(Owner.choices)
    period = serializers.ChoiceField(["day", "month"])
    limit_usd = serializers.CharField()
    used_usd = serializers.CharField(help_text="Spent, and held by calls that are underway.")
    resets_at = serializers.DateTimeField()


class QuotaShape(Shape[Any]):
    calls_per_minute = RateShape()
    budgets = BudgetShape(many=True)


class UsageApi(Endpoint):
    scopes = {"get": Scope.USAGE_READ}

    @extend_schema(
        operation_id="get_usage",
        summary="Read usage",
        description="What the calls of a range of UTC days used and cost, in groups. Without the scope `admin`, your own alone.",
        parameters=[
            OpenApiParameter(
                GROUP_BY,
                {"type": "string", "pattern": f"^({NAMES})(,({NAMES})){{0,3}}$"},
                description=f"One or more of {', '.join(Group.values)}, with commas; by default feature,model.",
            ),
            *days.PARAMETERS,
        ],
        responses=docs.answers({200: UsageShape}),
        examples=[docs.example(USAGE)],
        tags=["usage"],
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request, GROUP_BY, days.SINCE, days.UNTIL)
        groups, period = _groups(request), days.period(request, days_at_most=DAYS_AT_MOST)
        is_admin = Scope.ADMIN in tokens.effective_scopes(self.token)
        rows = grouped(groups, period=period, by=None if is_admin else self.by)
        return Response(
            {
                "since": period.first.isoformat(),
                "until": period.last.isoformat(),
                "data": [_row(groups, row) for row in rows],
            }
        )


class QuotaApi(Endpoint):
    scopes = {"get": Scope.USAGE_READ}

    @extend_schema(
        operation_id="get_quota",
        summary="Read your quota",
        description="What is left of your calls to Claude in this minute, and of the budgets that your calls count against.",
        responses=docs.answers({200: QuotaShape}),
        examples=[docs.example(QUOTA)],
        tags=["usage"],
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request)
        left = rates.quota(self.by)
        return Response(
            {
                "calls_per_minute": {
                    "limit": left.allowed,
                    "remaining": left.left,
                    "resets_at": time_of(left.resets_at),
                },
                "budgets": [_budget(budget) for budget in _budgets_of(self.by)],
            }
        )


def _groups(request: Request) -> list[Group]:
    names = request.query_params.get(GROUP_BY, "feature,model").split(",")
    if unknown := [name for name in names if name not in Group.values]:
        fault = f"{unknown[0][:60]!r} is none of {', '.join(Group.values)}."
        raise ValidationError({GROUP_BY: [fault]})
    return [Group(name) for name in dict.fromkeys(names)]


def _row(groups: list[Group], row: GroupUsage) -> dict[str, Any]:
    used = row.usage
    written = used.cache_write_5m_tokens + used.cache_write_1h_tokens
    named = dict(zip((group.value for group in groups), row.values, strict=True))
    return named | {
        "calls": row.calls,
        "attempts": row.attempts,
        "errors": row.errors,
        "uncached_input_tokens": used.uncached_input_tokens,
        "cache_write_tokens": written,
        "cache_read_tokens": used.cache_read_tokens,
        "output_tokens": used.output_tokens,
        "cost_usd": money(row.cost_nanousd),
    }


def _budgets_of(user: User) -> list[Budget]:
    """The installation's and the user's own, with what is used of them."""
    rows = Budget.objects.filter(scope=Owner.INSTALLATION) | Budget.objects.filter(
        scope=Owner.USER, key=str(user.pk)
    )
    limited = rows.filter(hard_nanousd__isnull=False)
    today = datetime.now(UTC).date()
    return list(budgets.in_order(budgets.with_spend(limited, today=today)))


def _budget(budget: Any) -> dict[str, Any]:
    return {
        "scope": budget.scope,
        "period": budget.period,
        "limit_usd": money(budget.hard_nanousd),
        "used_usd": money(budget.spent_nanousd + budget.held_nanousd),
        "resets_at": time_of(window_end(budget.period, budget.starts_on)),
    }
