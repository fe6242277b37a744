"""Routes: which models serve a feature, in which order, how long and how dear."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponse

from triage.admin.formats import NOTHING, dollars
from triage.admin.lists import ListAdmin
from triage.admin.look import TabularInline
from triage.admin.money import as_dollars
from triage.admin.route_forms import HopForm, HopFormSet, RouteForm
from triage.models import Feature, FeatureRoute, FeatureRouteHop
from triage.services.gateway import routes
from triage.services.gateway.catalog import name_of
from triage.services.gateway.routes import ROUTES, Hop, Route


class HopInline(TabularInline[FeatureRouteHop, FeatureRoute]):
    model = FeatureRouteHop
    form = HopForm
    formset = HopFormSet  # type: ignore[assignment]
    fields = ("position", "model", "tries")
    verbose_name = "model"
    hide_title = True

    def get_extra(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> int:
        default = _default(request)
        return len(default.hops) if default and obj is None else 1


@admin.register(FeatureRoute)
class FeatureRouteAdmin(ListAdmin[FeatureRoute]):
    """A feature without a row has the default; deleting a row brings it back."""

    form = RouteForm
    inlines = (HopInline,)
    list_display = ("name", "models", "seconds", "most", "latency")
    list_before_template = "admin/route_defaults.html"
    sortable_by = ()
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": ("feature",)}),
        (
            "Limits",
            {
                "fields": (
                    ("attempt_seconds", "deadline_seconds"),
                    ("max_cost_usd", "latency_limit_seconds"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[FeatureRoute]:
        return super().get_queryset(request).prefetch_related("hops")

    def get_readonly_fields(
        self, request: HttpRequest, obj: FeatureRoute | None = None
    ) -> list[str]:
        return ["feature"] if obj else []

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        taken = set(FeatureRoute.objects.values_list("feature", flat=True))
        defaults = [
            {"feature": feature, "models": in_words(route.hops), "route": route}
            | {"most": dollars(route.max_cost_nanousd)}
            for feature, route in ROUTES.items()
            if feature not in taken
        ]
        return super().changelist_view(request, {**(extra_context or {}), "defaults": defaults})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new route begins as the feature's default."""
        default = _default(request)
        if default is None:
            return {}
        return {
            "feature": request.GET["feature"],
            "attempt_seconds": default.attempt_seconds,
            "deadline_seconds": default.deadline_seconds,
            "latency_limit_seconds": default.latency_limit_seconds,
            "max_cost_usd": as_dollars(default.max_cost_nanousd),
        }

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        default = _default(request)
        if default and request.method == "GET" and obj.pk is None:
            kwargs["initial"] = [
                {"position": place, "model": hop.model, "tries": hop.tries}
                for place, hop in enumerate(default.hops, start=1)
            ]
        return kwargs

    def save_related(
        self, request: HttpRequest, form: BaseModelForm[Any], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        for text in (text for formset in formsets for text in formset.warnings):
            messages.warning(request, text)
        transaction.on_commit(routes.forget)

    def delete_model(self, request: HttpRequest, obj: FeatureRoute) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(routes.forget)

    @admin.display(description="Feature")
    def name(self, row: FeatureRoute) -> str:
        return Feature(row.feature).label

    @admin.display(description="Models, in order")
    def models(self, row: FeatureRoute) -> str:
        return in_words(routes.build_route(row).hops)

    @admin.display(description="Seconds per request / call")
    def seconds(self, row: FeatureRoute) -> str:
        return f"{row.attempt_seconds:g} / {row.deadline_seconds:g}"

    @admin.display(description="Most a call may cost")
    def most(self, row: FeatureRoute) -> str:
        return dollars(row.max_cost_nanousd)

    @admin.display(description="Latency limit")
    def latency(self, row: FeatureRoute) -> str:
        limit = row.latency_limit_seconds
        return NOTHING if limit is None else f"{limit:g} s"


def in_words(hops: tuple[Hop, ...]) -> str:
    """ "Haiku 5.5 (4 tries) → Haiku 4.5 (1 try)"."""
    return " → ".join(
        f"{name_of(hop.model)} ({hop.tries} {'try' if hop.tries == 1 else 'tries'})" for hop in hops
    )


def _default(request: HttpRequest) -> Route | None:
    """The default route of the feature that the address names."""
    feature = request.GET.get("feature", "")
    return ROUTES[Feature(feature)] if feature in Feature.values else None
