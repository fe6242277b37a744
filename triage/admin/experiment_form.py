"""The forms of an experiment. What is refused is refused with the name of its field, and with what it would cost."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.forms import BaseInlineFormSet

from triage.admin.experiment_money import (
    guide_in_words,
    rate_in_words,
    repeated_in_words,
)
from triage.admin.look import ModelForm, NumberBox, SelectBox, TextArea
from triage.models import Experiment, Variant
from triage.models.experiments import VARIANT_MAX_CHARACTERS
from triage.services.intake.delimiting import neutralised


class Where(models.TextChoices):
    """Where a variant's instruction could stand. Only one place shares the prompt cache with the other variants."""

    AFTER = "after", "After the ticket (costs nothing extra)"
    GUIDE = "guide", "In the guide"


class ExperimentForm(ModelForm[Experiment]):
    class Meta:
        model = Experiment
        fields = ("name", "hypothesis")
        widgets = {"hypothesis": TextArea(attrs={"rows": 2})}


class VariantForm(ModelForm[Variant]):
    where = forms.ChoiceField(choices=Where.choices, initial=Where.AFTER, widget=SelectBox)
    instruction = forms.CharField(
        required=False,
        widget=TextArea(attrs={"rows": 4}),
        help_text="Added after “Sort the ticket above by the guide.” Empty in exactly one variant, the control.",
    )
    weight = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=1,
        widget=NumberBox(attrs={"min": 1, "max": 100}),
        help_text="Its share of the tickets, beside the others' weights.",
    )

    class Meta:
        model = Variant
        fields = ("name", "instruction", "weight")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = field.label or name.capitalize()

    def clean_where(self) -> str:
        where: str = self.cleaned_data["where"]
        if where == Where.GUIDE:
            raise forms.ValidationError(
                f"Where: not in the guide. Each variant would be a prefix of its own: {guide_in_words()}."
                " Put it after the ticket."
            )
        return where

    def clean_instruction(self) -> str:
        text: str = self.cleaned_data["instruction"]
        if len(text) > VARIANT_MAX_CHARACTERS:
            raise forms.ValidationError(
                f"Instruction: {len(text):,} characters, where {VARIANT_MAX_CHARACTERS:,} is the most. It goes out in full"
                f" with every ticket, {repeated_in_words(text)}. What repeats the guide is cached there for a fraction."
            )
        if neutralised(text) != text:
            raise forms.ValidationError(
                "Instruction: it holds a tag or a speaker's name that could pass for the ticket's own, such as <ticket> or"
                f" “user:”. A ticket that is misread goes to the strong model, {rate_in_words()}. Write it without them."
            )
        return text

    def has_changed(self) -> bool:
        """A row is there as soon as somebody named it or wrote into it; its choices alone make none."""
        return bool({"name", "instruction", "weight"} & set(self.changed_data))


class VariantFormSet(BaseInlineFormSet[Variant, Experiment, VariantForm]):
    """All variants of one experiment."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        rows = [form for form in self.forms if _is_row(form)]
        if len(rows) < 2:
            raise forms.ValidationError(
                "Variants: at least two, else the money spent on judging compares with nothing."
            )
        _check_equal(rows)
        if all(_words(form) for form in rows):
            raise forms.ValidationError(
                "Instruction: leave one variant's empty. That one is the control; without it nobody can say whether the"
                " others are worth their tokens."
            )


def _check_equal(rows: Iterable[VariantForm]) -> None:
    """Says at the row that repeats another one which it repeats."""
    names: dict[str, str] = {}
    for form in rows:
        name, words = form.cleaned_data["name"], _words(form)
        if words in names:
            form.add_error(
                "instruction",
                f"Instruction: the same as “{names[words]}”'s. Two equal variants tell nothing, and every ticket that is"
                " judged for one of them is paid for in vain.",
            )
        names.setdefault(words, name)


def _words(form: VariantForm) -> str:
    """The instruction without differences that nobody reads."""
    return " ".join(form.cleaned_data["instruction"].split()).casefold()


def _is_row(form: VariantForm) -> bool:
    """Whether the row stands there after saving."""
    is_deleted = bool(form.cleaned_data.get("DELETE"))
    return not is_deleted and (form.has_changed() or form.instance.pk is not None)
