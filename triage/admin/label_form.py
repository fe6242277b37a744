"""The form a label is edited with: examples one a line. Whether it is applied without review is switched at the gate."""

from typing import Any

from django import forms

from triage.admin.look import ModelForm, TextArea
from triage.models import Label

LINE_BREAK = "⏎"  # a line break inside one example, which takes one line of the form


class LinesField(forms.CharField):
    """A list of texts, one a line; empty lines do not count."""

    widget = TextArea(attrs={"rows": 8})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f" {LINE_BREAK} ".join(text.splitlines()) for text in value)

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = (value or "").splitlines()
        return [_unfolded(line) for line in lines if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class LabelForm(ModelForm[Label]):
    examples = LinesField(
        required=False,
        help_text=f"One a line, in a customer's words. {LINE_BREAK} stands for a line break inside one.",
    )

    class Meta:
        model = Label
        widgets = {
            "description": TextArea(attrs={"rows": 3}),
            "exclusions": TextArea(attrs={"rows": 3}),
        }
        exclude = ("auto_apply", "auto_apply_reason", "auto_apply_evaluation")

    def clean_slug(self) -> str:
        """Slugs differ in more than upper and lower case."""
        slug: str = self.cleaned_data["slug"].strip()
        if Label.objects.filter(slug__iexact=slug).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"There is a label “{slug}” already.")
        return slug


def _unfolded(line: str) -> str:
    return "\n".join(part.strip() for part in line.split(LINE_BREAK)).strip()
