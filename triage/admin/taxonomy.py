"""Labels as admins edit them, and the versions that Claude sees."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Func, IntegerField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from triage.admin.label_form import LabelForm
from triage.admin.links import link
from triage.admin.lists import ListAdmin, ReadOnlyAdmin
from triage.admin.look import moment
from triage.admin.people import acting
from triage.exceptions import InvalidInput
from triage.models import Label, TaxonomyVersion
from triage.selectors import labels
from triage.services import taxonomy


@admin.register(Label)
class LabelAdmin(ListAdmin[Label]):
    """Labels are retired by switching them off, never deleted: tickets and decisions name them."""

    form = LabelForm
    list_display = (
        "name",
        "slug",
        "team",
        "rules",
        "is_active",
        moment("updated_at", "Changed"),
    )
    list_select_related = ("team",)
    list_filter = ("is_active", "auto_apply", "always_escalate", "team")
    search_fields = ("name", "slug", "description")
    ordering = ("slug",)
    list_before_template = "admin/label_changes.html"
    change_form_outer_before_template = "admin/label_changes.html"
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": (("name", "slug"), "team", "is_active")}),
        (
            "What Claude reads",
            {"fields": ("description", "exclusions", "examples")},
        ),
        (
            "What happens with an answer",
            {"fields": ("always_escalate", "automatic", "threshold")},
        ),
    )

    @admin.display(description="Rules of its own")
    def rules(self, label: Label) -> str:
        """What is out of the ordinary; empty for most labels."""
        rules = {
            "always escalates": label.always_escalate,
            f"applies by itself, {grounds_of(label)}": label.auto_apply,
            f"threshold {label.threshold}": label.threshold is not None,
        }
        return ", ".join(text for text, holds in rules.items() if holds)

    def get_readonly_fields(self, request: HttpRequest, obj: Label | None = None) -> list[str]:
        """The slug is what decisions and versions name the label by; a threshold that was proven belongs to its proof."""
        slug = ["slug"] if obj else []
        proven = ["threshold"] if obj and obj.auto_apply_evaluation_id else []
        return [*slug, "automatic", *proven]

    @admin.display(description="Applied without review")
    def automatic(self, label: Label) -> SafeString:
        """Switched at the gate alone."""
        state = f"Yes, {grounds_of(label)}: {label.auto_apply_reason}" if label.auto_apply else "No"
        return format_html("{} {}", state, link(reverse("admin:gate"), "To the gate"))

    def has_delete_permission(self, request: HttpRequest, obj: Label | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(self.publish)
        return [path("publish/", publish, name="triage_label_publish"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "changes": labels.changes()}
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(
            request, context | {"changes": labels.changes()}, *args, **kwargs
        )

    def publish(self, request: HttpRequest) -> HttpResponse:
        """Says what publishing changes; a POST that confirms exactly this does it."""
        changes = labels.changes()
        if request.method == "POST" and request.POST.get("digest") == changes.digest:
            return self._publish(request)
        if request.method == "POST":
            messages.warning(request, "The labels have changed meanwhile. Please look again.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Publish labels",
            "opts": self.opts,
            "changes": changes,
        }
        return TemplateResponse(request, "admin/publish.html", context)

    def _publish(self, request: HttpRequest) -> HttpResponse:
        try:
            version = taxonomy.publish(by=acting(request))
        except InvalidInput as error:
            messages.error(request, f"Nothing was published: {error.message}.")
            return redirect("admin:triage_label_publish")
        messages.success(request, f"{version} is published. New triage uses it from now on.")
        return redirect("admin:triage_label_changelist")


def grounds_of(label: Label) -> str:
    """On what grounds its answers are applied without review."""
    return "proven" if label.auto_apply_evaluation_id else "overridden"


@admin.register(TaxonomyVersion)
class TaxonomyVersionAdmin(ReadOnlyAdmin[TaxonomyVersion]):
    list_display = (
        "version",
        "label_count",
        "by",
        moment("created_at", "Published"),
        "short_digest",
    )
    list_select_related = ("by",)
    ordering = ("-number",)
    sortable_by = ()
    fieldsets = (
        (None, {"fields": (("number", "by", "created_at"), "digest")}),
        ("Labels", {"fields": ("snapshot",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxonomyVersion]:
        counted = Func(F("labels"), function="jsonb_array_length", output_field=IntegerField())
        return super().get_queryset(request).defer("labels").annotate(label_total=counted)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["snapshot"]

    @admin.display(description="Version")
    def version(self, version: TaxonomyVersion) -> str:
        return str(version)

    @admin.display(description="Labels")
    def label_count(self, version: TaxonomyVersion) -> int:
        return version.label_total  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="Digest")
    def short_digest(self, version: TaxonomyVersion) -> str:
        return version.digest[:12]

    @admin.display(description="")
    def snapshot(self, version: TaxonomyVersion) -> SafeString:
        return render_to_string("admin/taxonomy_labels.html", {"labels": version.labels})
