"""What is masked beside what every installation masks, and a box to try it."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from triage.admin.lists import ListAdmin
from triage.admin.look import ModelForm, TextArea
from triage.exceptions import InvalidInput
from triage.models import MaskingPattern
from triage.services import masking

NAME = re.compile("[A-Z][A-Z_]*[A-Z]")
TRIED_MAX_CHARACTERS = 20_000  # a long ticket


class PatternForm(ModelForm[MaskingPattern]):
    class Meta:
        model = MaskingPattern
        fields = ("name", "pattern", "is_active")
        help_texts = {
            "name": "Capitals and _, as in MEMBER_ID: Claude reads [MEMBER_ID_1].",
            "pattern": r"A regular expression as RE2 reads it, as in M-\d{6}. Without look-around and back-references.",
        }

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].upper()
        if not NAME.fullmatch(name):
            raise forms.ValidationError(
                "Use two or more of the letters A to Z, and _ between them."
            )
        return name

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        try:
            masking.check_pattern(pattern)
        except InvalidInput as error:
            raise forms.ValidationError(f"This pattern cannot be used: {error.message}.") from None
        return pattern


class TrialForm(forms.Form):
    text = forms.CharField(max_length=TRIED_MAX_CHARACTERS, widget=TextArea(attrs={"rows": 6}))


@admin.register(MaskingPattern)
class MaskingPatternAdmin(ListAdmin[MaskingPattern]):
    """Patterns may be deleted: nothing names one."""

    form = PatternForm
    list_display = ("name", "pattern", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "pattern")
    ordering = ("name",)
    list_before_template = "admin/masking_state.html"
    change_form_outer_before_template = "admin/masking_state.html"
    change_form_outer_after_template = "admin/masking_trial.html"
    warn_unsaved_form = True

    def get_urls(self) -> list[URLPattern]:
        trial = self.admin_site.admin_view(self.trial)
        return [path("try/", trial, name="triage_maskingpattern_try"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), **_state()})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {**_state(), "trial": TrialForm()}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: MaskingPattern, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        masking.forget()

    def delete_model(self, request: HttpRequest, obj: MaskingPattern) -> None:
        super().delete_model(request, obj)
        masking.forget()

    def trial(self, request: HttpRequest) -> HttpResponse:
        """A text as Claude would get it, by the patterns that are saved and active. Nothing is kept or sent."""
        form = TrialForm(request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            **_state(),
            "title": "Try masking",
            "opts": self.opts,
            "trial": form,
            "masked": masking.masked_text(form.cleaned_data["text"]) if form.is_valid() else None,
        }
        return TemplateResponse(request, "admin/masking_tried.html", context)


def _state() -> dict[str, Any]:
    return {"is_masking": settings.TRIAGE_MASKING, "phone_region": settings.TRIAGE_PHONE_REGION}
