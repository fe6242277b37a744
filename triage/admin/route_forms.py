"""The forms of a route: seconds and dollars within their limits, and hops that can serve."""

from typing import Any

from django import forms
from django.forms import BaseInlineFormSet

from triage.admin.look import ModelForm, NumberBox, SelectBox
from triage.admin.money import DollarField, as_dollars, as_nanousd
from triage.models import FeatureRoute, FeatureRouteHop
from triage.services.gateway.catalog import CATALOG, name_of
from triage.services.gateway.life import validate_route
from triage.services.gateway.routes import Hop

LONGEST_SECONDS = 90  # `route_seconds_in_range`


class SecondsField(forms.FloatField):
    def __init__(self, *, most: float, **options: Any) -> None:
        widget = NumberBox(attrs={"step": "any"})
        super().__init__(min_value=0.1, max_value=most, widget=widget, **options)


class RouteForm(ModelForm[FeatureRoute]):
    attempt_seconds = SecondsField(
        most=LONGEST_SECONDS, label="Seconds per request", help_text="At most, for one request."
    )
    deadline_seconds = SecondsField(
        most=LONGEST_SECONDS,
        label="Seconds per call",
        help_text="At most, for a call, retries and fallbacks included.",
    )
    latency_limit_seconds = SecondsField(
        most=LONGEST_SECONDS,
        required=False,
        label="Latency limit, seconds",
        help_text="A model that has become slower than this is passed over while another is left.",
    )
    max_cost_usd = DollarField(
        label="Most a call may cost, $", help_text="All requests of one call together."
    )

    class Meta:
        model = FeatureRoute
        fields = ("feature", "attempt_seconds", "deadline_seconds", "latency_limit_seconds")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["max_cost_usd"] = as_dollars(self.instance.max_cost_nanousd)

    def clean_max_cost_usd(self) -> Any:
        dollars = self.cleaned_data["max_cost_usd"]
        if not dollars:
            raise forms.ValidationError("A call that may cost nothing is never made.")
        return dollars

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        attempt, whole = cleaned.get("attempt_seconds"), cleaned.get("deadline_seconds")
        if attempt and whole and attempt > whole:
            self.add_error("attempt_seconds", "One request must not take longer than its call.")
        self.instance.max_cost_nanousd = as_nanousd(cleaned.get("max_cost_usd")) or 0
        return cleaned


class HopForm(ModelForm[FeatureRouteHop]):
    position = forms.IntegerField(min_value=1, max_value=99, widget=NumberBox(), label="Order")
    model = forms.ChoiceField(widget=SelectBox)
    tries = forms.IntegerField(min_value=1, max_value=10, initial=1, widget=NumberBox())

    class Meta:
        model = FeatureRouteHop
        fields = ("position", "model", "tries")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {self.instance.model: name_of(self.instance.model)} if self.instance.model else {}
        known |= {card.id: f"{card.name} ({card.id})" for card in CATALOG.values()}
        self.fields["model"].choices = [("", "---------"), *known.items()]  # type: ignore[attr-defined]


class HopFormSet(BaseInlineFormSet[FeatureRouteHop, FeatureRoute, HopForm]):
    """The hops of one route; what speaks against one is said at its row. `warnings` may be shown after saving."""

    warnings: list[str]

    def clean(self) -> None:
        super().clean()
        self.warnings = []
        rows = [form for form in self.forms if _is_row(form)]
        if any(form.errors for form in rows):
            return
        if not rows:
            raise forms.ValidationError("A route needs at least one model.")
        rows.sort(key=lambda form: form.cleaned_data["position"])
        self._check_repeats(rows)
        hops = [Hop(form.cleaned_data["model"], form.cleaned_data["tries"]) for form in rows]
        for problem in validate_route(hops):
            if problem.is_warning:
                self.warnings.append(problem.text)
            else:
                rows[problem.hop].add_error("model", problem.text)

    def _check_repeats(self, rows: list[HopForm]) -> None:
        for name, text in (
            ("position", "Two models have this place."),
            ("model", "This model is on the route already."),
        ):
            seen: set[Any] = set()
            for form in rows:
                if form.cleaned_data[name] in seen:
                    form.add_error(name, text)
                seen.add(form.cleaned_data[name])


def _is_row(form: HopForm) -> bool:
    """Whether the row stands there after saving."""
    is_deleted = bool(getattr(form, "cleaned_data", {}).get("DELETE"))
    return not is_deleted and (form.has_changed() or form.instance.pk is not None)
