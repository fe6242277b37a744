"""The form a budget is edited with: whose by name, limits in dollars."""

from typing import Any

from django import forms

from accounts.models import User
from triage.admin.look import ModelForm, SelectBox
from triage.admin.money import DollarField, as_dollars, as_nanousd
from triage.models import Budget, Feature, Scope


class BudgetForm(ModelForm[Budget]):
    feature = forms.ChoiceField(
        choices=[("", "---------"), *Feature.choices], required=False, widget=SelectBox
    )
    user = forms.ModelChoiceField(
        User.objects.order_by("email"),
        required=False,
        widget=SelectBox,
        help_text="Background work runs as the user System.",
    )
    soft_usd = DollarField(
        label="Soft limit, $", required=False, help_text="Above this an alert is raised."
    )
    hard_usd = DollarField(
        label="Hard limit, $",
        required=False,
        help_text="Nothing is asked that could take the spend above this. Stored replies are still served.",
    )

    class Meta:
        model = Budget
        fields = ("scope", "period")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        budget = self.instance
        self.initial["soft_usd"] = as_dollars(budget.soft_nanousd)
        self.initial["hard_usd"] = as_dollars(budget.hard_nanousd)
        if budget.scope in (Scope.FEATURE, Scope.USER):
            self.initial[budget.scope] = budget.key

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._clean_key(cleaned)
        self._clean_limits(cleaned)
        return cleaned

    def _clean_key(self, cleaned: dict[str, Any]) -> None:
        """Whose it is, and that this is its only budget for the period."""
        scope = cleaned.get("scope")
        self.instance.key = ""
        if scope in (Scope.FEATURE, Scope.USER):
            chosen = cleaned.get(scope)
            if not chosen and scope not in self.errors:
                self.add_error(scope, f"Choose the {scope}.")
            self.instance.key = str(chosen.pk if isinstance(chosen, User) else chosen or "")
        same = Budget.objects.filter(
            scope=scope, key=self.instance.key, period=cleaned.get("period")
        )
        if not self.errors and same.exclude(pk=self.instance.pk).exists():
            self.add_error("period", "There is a budget for this already; change that one.")

    def _clean_limits(self, cleaned: dict[str, Any]) -> None:
        soft, hard = cleaned.get("soft_usd"), cleaned.get("hard_usd")
        if soft is None and hard is None and not {"soft_usd", "hard_usd"} & set(self.errors):
            self.add_error("hard_usd", "Give a hard limit, a soft limit or both.")
        if soft is not None and hard is not None and soft > hard:
            self.add_error("soft_usd", "The soft limit must not be above the hard limit.")
        self.instance.soft_nanousd = as_nanousd(soft)
        self.instance.hard_nanousd = as_nanousd(hard)

    def validate_constraints(self) -> None:
        """Said above, at the field it concerns; the database holds them anyway."""
