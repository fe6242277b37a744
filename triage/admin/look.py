"""django-unfold's classes under the types of the Django classes they extend.

django-unfold carries no types. To the type checker these names are Django's own, with their parameters; what runs is
django-unfold's.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.admin.views.main import ChangeList
    from django.contrib.admin.widgets import (
        AdminTextareaWidget as TextArea,
    )
    from django.contrib.auth.admin import UserAdmin
    from django.contrib.auth.forms import (
        AdminPasswordChangeForm,
        AdminUserCreationForm,
        UserChangeForm,
    )
    from django.core.paginator import Paginator
    from django.forms import ModelForm
    from django.forms import NumberInput as NumberBox
    from django.forms import Select as SelectBox
else:
    from django import forms
    from django.contrib.auth import admin as auth
    from django.core import paginator
    from unfold import admin as unfold
    from unfold.forms import (
        AdminPasswordChangeForm,
        UserChangeForm,
    )
    from unfold.forms import (
        UserCreationForm as AdminUserCreationForm,
    )
    from unfold.views import ChangeList
    from unfold.widgets import UnfoldAdminDecimalFieldWidget as NumberBox
    from unfold.widgets import UnfoldAdminSelectWidget as SelectBox
    from unfold.widgets import UnfoldAdminTextareaWidget as TextArea

    class Parametrised:
        """Lets a class be written with its model, `ModelAdmin[Ticket]`."""

        def __class_getitem__(cls, _model: object) -> type:
            return cls

    class ModelAdmin(Parametrised, unfold.ModelAdmin):
        pass

    class TabularInline(Parametrised, unfold.TabularInline):
        pass

    class UserAdmin(Parametrised, auth.UserAdmin):
        pass

    class ModelForm(Parametrised, forms.ModelForm):
        pass

    class Paginator(Parametrised, paginator.Paginator):
        pass


__all__ = [
    "AdminPasswordChangeForm",
    "AdminUserCreationForm",
    "ChangeList",
    "ModelAdmin",
    "ModelForm",
    "NumberBox",
    "Paginator",
    "SelectBox",
    "TabularInline",
    "TextArea",
    "UserAdmin",
    "UserChangeForm",
    "chip",
    "moment",
]

Column = Callable[..., Any]


def chip(description: str, colors: Mapping[Any, str]) -> Callable[[Column], Column]:
    """A column shown as a coloured chip. The column gives `(key, text)`; `colors` maps keys to info, success, warning
    or danger, others are grey."""

    def decorate(column: Column) -> Column:
        column.short_description = description  # type: ignore[attr-defined]
        column.label = defaultdict(str, colors)  # type: ignore[attr-defined]
        return column

    return decorate


def moment(field: str, description: str) -> Column:
    """A column with the time in `field`, in UTC and short enough not to wrap; sortable where the list allows it."""

    def column(row: Any) -> str:
        value = getattr(row, field)
        return f"{value.astimezone(UTC):%-d %b %Y, %H:%M}" if value else ""

    column.short_description = f"{description} (UTC)"  # type: ignore[attr-defined]
    column.admin_order_field = field  # type: ignore[attr-defined]
    column.__name__ = field
    return column
