"""django-unfold's check boxes under Django's types, as `look` has its other classes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin.widgets import AdminTextInputWidget as TextBox
    from django.forms import CheckboxSelectMultiple as CheckBoxes
else:
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckBoxes
    from unfold.widgets import UnfoldAdminTextInputWidget as TextBox

__all__ = ["CheckBoxes", "TextBox"]
