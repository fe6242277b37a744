"""Canned answers and help articles: what drafts may rest on."""

from django.contrib import admin
from django.db.models import QuerySet, URLField
from django.http import HttpRequest

from triage.admin.lists import ListAdmin
from triage.admin.look import moment
from triage.models import Article


@admin.register(Article)
class ArticleAdmin(ListAdmin[Article]):
    """What is switched off is kept: drafts that rested on it name it."""

    list_display = ("title", "kind", "whose", "is_active", moment("updated_at", "Changed"))
    list_select_related = ("team",)
    list_filter = ("kind", "is_active", "team")
    search_fields = ("title", "body", "url")
    ordering = ("title", "id")
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": (("title", "kind"), ("team", "is_active"))}),
        ("What replies may rest on", {"fields": ("body", "url")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return super().get_queryset(request).defer("search")

    @admin.display(description="For the tickets of", ordering="team")
    def whose(self, article: Article) -> str:
        return str(article.team or "everybody")
