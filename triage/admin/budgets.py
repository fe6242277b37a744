"""Budgets: what may be spent in a UTC day or month, and how much of it is."""

from datetime import UTC, datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from triage.admin.budget_form import BudgetForm
from triage.admin.formats import NOTHING, dollars, share
from triage.admin.lists import ListAdmin
from triage.models import Budget, Feature, Period, Scope
from triage.selectors.budgets import in_order, with_spend
from triage.services.gateway.budgets import Standing


@admin.register(Budget)
class BudgetAdmin(ListAdmin[Budget]):
    form = BudgetForm
    list_display = ("whose", "per", "soft", "hard", "spent", "held", "used", "resets_at")
    list_filter = ("scope", "period")
    sortable_by = ()
    warn_unsaved_form = True
    conditional_fields = {"feature": "scope == 'feature'", "user": "scope == 'user'"}
    fieldsets = (
        ("Whose money", {"fields": ("scope", "feature", "user", "period")}),
        ("Limits", {"fields": ("soft_usd", "hard_usd")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        today = datetime.now(UTC).date()
        return in_order(with_spend(super().get_queryset(request), today=today))

    @admin.display(description="Whose")
    def whose(self, budget: Budget) -> str:
        if budget.scope == Scope.FEATURE:
            return f"Feature {Feature(budget.key).label}"
        if budget.scope == Scope.USER:
            return f"User {getattr(budget, 'owner', None) or budget.key}"
        return "The installation"

    @admin.display(description="Per")
    def per(self, budget: Budget) -> str:
        return Period(budget.period).label

    @admin.display(description="Soft limit")
    def soft(self, budget: Budget) -> str:
        return NOTHING if budget.soft_nanousd is None else dollars(budget.soft_nanousd)

    @admin.display(description="Hard limit")
    def hard(self, budget: Budget) -> str:
        return NOTHING if budget.hard_nanousd is None else dollars(budget.hard_nanousd)

    @admin.display(description="Spent")
    def spent(self, budget: Budget) -> str:
        return dollars(standing(budget).spent_nanousd)

    @admin.display(description="Held")
    def held(self, budget: Budget) -> str:
        return dollars(standing(budget).held_nanousd)

    @admin.display(description="Used")
    def used(self, budget: Budget) -> SafeString:
        """Spent and held together, of the hard limit or else the soft one."""
        now = standing(budget)
        limit = now.soft_nanousd if now.hard_nanousd is None else now.hard_nanousd
        context = {
            "spent": min(now.spent_nanousd, limit or 0),
            "used": min(now.used_nanousd, limit or 0),
            "limit": limit or 1,
            "text": share(now.used_nanousd, limit or 0),
            "tone": _tone(now),
        }
        return render_to_string("admin/budget_bar.html", context)

    @admin.display(description="Starts anew (UTC)")
    def resets_at(self, budget: Budget) -> str:
        return f"{standing(budget).resets_at:%-d %b %Y}"


def standing(budget: Budget) -> Standing:
    """Where a budget stands that the list has read."""
    sums = vars(budget)
    return Standing(
        Scope(budget.scope),
        budget.key,
        Period(budget.period),
        sums["starts_on"],
        budget.soft_nanousd,
        budget.hard_nanousd,
        sums["spent_nanousd"],
        sums["held_nanousd"],
    )


def _tone(now: Standing) -> str:
    if now.hard_nanousd is not None and now.used_nanousd >= now.hard_nanousd:
        return "danger"
    return "warning" if now.is_above_soft else "good"
