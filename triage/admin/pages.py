"""The base of the admin's pages that are no table's."""

from typing import Any

from django.contrib import admin
from django.views.generic import TemplateView


class AdminPage(TemplateView):
    """A page inside the admin's frame. Whoever mounts it wraps it in `admin_view`, which lets admins alone in."""

    title = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**admin.site.each_context(self.request), **context, "title": self.title}
