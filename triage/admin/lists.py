"""What the admin's lists share: they never count, sort or offer to edit a large table.

A list over millions of rows counts at most a thousand rows beyond the page it shows, sorts only by what has an index,
and has no facets and no date hierarchy, which both count everything.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.admin import ShowFacets
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from triage.admin.look import ChangeList, ModelAdmin, Paginator, TabularInline

COUNT_LIMIT = 1_000
PER_PAGE = 50
FURTHEST_PAGE = 2_000  # a hundred thousand rows; filters lead further
PAGE_PARAMETER = "p"  # django.contrib.admin.views.main.PAGE_VAR

M = TypeVar("M", bound=Model)


class BoundedPaginator(Paginator[Any]):
    """Counts up to `limit` rows and stops; `is_bounded` says that there are more."""

    template_name = "admin/pagination_bounded.html"

    def __init__(self, rows: QuerySet[Any], per_page: int, *, limit: int = COUNT_LIMIT) -> None:
        super().__init__(rows, per_page)
        self.limit = limit

    @cached_property
    def _counted(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by().values("pk")[: self.limit + 1].count()

    @property
    def is_bounded(self) -> bool:
        return self._counted > self.limit

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.limit)


class BoundedList(ChangeList):
    """Claims no total, which nobody counted; the paginator says how many there are, as far as it knows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class ListAdmin(ModelAdmin[M]):
    """The base of every page on a table."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = PER_PAGE
    list_max_show_all = 0
    list_fullwidth = True
    actions: Sequence[str] | None = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedList

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> BoundedPaginator:
        """The next thousand rows can always be paged to, from whichever page is shown."""
        shown = _page(request) * per_page
        limit = COUNT_LIMIT * (shown // COUNT_LIMIT + 1)
        return BoundedPaginator(queryset, per_page, limit=limit)


def _page(request: HttpRequest) -> int:
    """The page asked for; 0 for what is none, or is further than anybody pages."""
    page = request.GET.get(PAGE_PARAMETER, "1")
    is_number = page.isascii() and page.isdigit() and len(page) <= len(str(FURTHEST_PAGE))
    return int(page) if is_number and int(page) <= FURTHEST_PAGE else 0


class ReadOnlyAdmin(ListAdmin[M]):
    """History: nobody adds, changes or deletes it here, admins included."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline[M, Any]):
    """Rows shown under the row they belong to, not to be touched."""

    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
