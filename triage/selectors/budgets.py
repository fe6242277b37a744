"""Budgets beside what is spent and held of them."""

from datetime import date

from django.db.models import (
    Case,
    CharField,
    DateField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from accounts.models import User
from triage.models import Budget, Period, Scope, Spend


def with_spend(budgets: QuerySet[Budget], *, today: date) -> QuerySet[Budget]:
    """The rows with `spent_nanousd` and `held_nanousd` of the UTC day or month that `today` lies in.

    `starts_on` is the first day of it, `owner` the e-mail address where the budget is a user's.
    """
    starts_on = Case(
        When(period=Period.DAY, then=Value(today)),
        default=Value(today.replace(day=1)),
        output_field=DateField(),
    )
    spend = Spend.objects.filter(
        scope=OuterRef("scope"),
        key=OuterRef("key"),
        period=OuterRef("period"),
        starts_on=OuterRef("starts_on"),
    )
    users = User.objects.annotate(key=Cast("pk", CharField())).filter(key=OuterRef("key"))
    return budgets.annotate(starts_on=starts_on).annotate(
        spent_nanousd=Coalesce(Subquery(spend.values("spent_nanousd")), 0),
        held_nanousd=Coalesce(Subquery(spend.values("held_nanousd")), 0),
        owner=Case(When(scope=Scope.USER, then=Subquery(users.values("email")))),
    )


def in_order(budgets: QuerySet[Budget]) -> QuerySet[Budget]:
    """The installation's first, then features', then users'; days before months."""
    first = {Scope.INSTALLATION: 0, Scope.FEATURE: 1, Scope.USER: 2}
    rank = Case(*(When(scope=scope, then=Value(n)) for scope, n in first.items()))
    return budgets.order_by(rank, F("key"), F("period"))
