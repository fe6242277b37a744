"""The shedding order: how much of the installation's budgets each feature may use, so that drafts stop before triage does."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from triage.admin.lists import ListAdmin
from triage.admin.look import NumberBox
from triage.models import Feature, Shedding
from triage.services.gateway.budgets import DEFAULT_SHARES


@admin.register(Shedding)
class SheddingAdmin(ListAdmin[Shedding]):
    """Rows come by "make editable", one for each feature; deleting one brings the default back."""

    list_display = ("name", "share_percent", "default_share")
    list_editable = ("share_percent",)
    list_before_template = "admin/shedding_defaults.html"
    sortable_by = ()
    fields = ("name", "share_percent")
    readonly_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.make_editable))
        return [path("make-editable/", view, name="triage_shedding_editable"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        set_already = set(Shedding.objects.values_list("feature", flat=True))
        defaults = {
            feature.label: share
            for feature, share in DEFAULT_SHARES.items()
            if feature not in set_already
        }
        return super().changelist_view(request, {**(extra_context or {}), "defaults": defaults})

    def make_editable(self, request: HttpRequest) -> HttpResponse:
        """Write down the defaults of the features that have no share of their own."""
        for feature, share in DEFAULT_SHARES.items():
            Shedding.objects.get_or_create(feature=feature, defaults={"share_percent": share})
        messages.success(request, "Every feature's share can be changed now.")
        return redirect("admin:triage_shedding_changelist")

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name != "share_percent":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        box = NumberBox(attrs={"min": 1, "max": 100})
        text = "Once so much of the installation's budgets is used, this feature stops."
        return forms.IntegerField(
            min_value=1, max_value=100, widget=box, label="Share, %", help_text=text
        )

    @admin.display(description="Feature")
    def name(self, row: Shedding) -> str:
        return Feature(row.feature).label if row.feature in Feature.values else row.feature

    @admin.display(description="By default")
    def default_share(self, row: Shedding) -> str:
        share = DEFAULT_SHARES.get(Feature(row.feature)) if row.feature in Feature.values else None
        return f"{share} %" if share else "—"
