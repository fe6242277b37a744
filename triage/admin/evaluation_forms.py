"""The forms of an evaluation: what is asked about which tickets, and more money for one that ran out of it."""

from typing import Any

from django import forms
from django.utils.text import capfirst

from triage.admin.evaluations_words import enough_nanousd
from triage.admin.formats import count
from triage.admin.look import NumberBox, SelectBox, TextArea
from triage.admin.money import DollarField, as_dollars, as_nanousd
from triage.admin.people_widgets import TextBox
from triage.exceptions import InvalidInput
from triage.models import Evaluation, EvaluationSource
from triage.services.evaluation.configurations import (
    INSTRUCTION_MAX_CHARACTERS,
    NAMES,
    TICKETS_A_CALL_AT_MOST,
    Calibration,
    Configuration,
    in_force,
)
from triage.services.evaluation.running import BUDGET_USED
from triage.services.evaluation.sampling import LIMIT, LIMIT_AT_MOST
from triage.services.gateway.catalog import CATALOG

CHANGEABLE = ("first_model", "strong_model", "apply", "suggest", "instruction", "tickets_a_call")
BATCH, LIVE = "batch", "live"
WAYS = (
    (BATCH, "As a batch: tokens at half the price, within a day"),
    (LIVE, "Live: tokens at the full price, within minutes"),
)
CALIBRATIONS = (
    (Calibration.IN_USE.value, "as triage decides now"),
    (Calibration.OWN.value, "calibrated on a part of these tickets"),
    (Calibration.STATED.value, "as the models state it"),
)
FILE_BYTES = 20_000_000  # read whole, while the page waits


class ShareField(forms.FloatField):
    """A confidence, 0 to 1."""

    def __init__(self, **options: Any) -> None:
        widget = NumberBox(attrs={"step": "any", "min": 0, "max": 1})
        super().__init__(min_value=0, max_value=1, widget=widget, required=False, **options)


class EvaluationForm(forms.Form):
    """Configuration A is what is in force; B is the same but for what is filled in."""

    name = forms.CharField(
        max_length=120,
        required=False,
        widget=TextBox(),
        help_text="To find it again; without one it is named by its tickets.",
    )
    source = forms.ChoiceField(
        choices=EvaluationSource.choices,
        initial=EvaluationSource.CONFIRMED,
        widget=forms.RadioSelect,
        label="Tickets",
    )
    file = forms.FileField(
        required=False,
        help_text="CSV or JSONL with the columns description and label, and if you like subject and external_id.",
    )
    limit = forms.IntegerField(
        min_value=1,
        max_value=LIMIT_AT_MOST,
        initial=LIMIT,
        widget=NumberBox(attrs={"min": 1, "max": LIMIT_AT_MOST}),
        label="At most so many tickets",
        help_text="Drawn by lot. About 150 without an error prove that at most 2 % are wrong, 530 if 1 % are wrong.",
    )
    asks_strong_always = forms.BooleanField(
        required=False,
        label="Ask the strong model about every ticket, to measure what it alone would do",
    )
    calibration = forms.ChoiceField(
        choices=CALIBRATIONS,
        initial=Calibration.IN_USE,
        required=False,
        widget=SelectBox,
        label="Confidence that decides",
        help_text="What is proven holds for the kind of confidence that decided. Calibrators are put in use after an evaluation.",
    )
    way = forms.ChoiceField(
        choices=WAYS, initial=BATCH, widget=forms.RadioSelect, label="How to ask"
    )
    budget_usd = DollarField(
        required=False,
        label="Budget, $",
        help_text="It ends when this is spent. Empty: the most that it can cost.",
    )
    has_b = forms.BooleanField(
        required=False, label="Compare with a configuration B on the same tickets"
    )
    b_first_model = forms.ChoiceField(required=False, widget=SelectBox, label="First model")
    b_strong_model = forms.ChoiceField(required=False, widget=SelectBox, label="Strong model")
    b_apply = ShareField(label="Escalate below", help_text="A confidence, 0 to 1.")
    b_suggest = ShareField(label="Suggest from", help_text="A confidence, 0 to 1.")
    b_calibration = forms.ChoiceField(
        choices=[("", "As in A"), *CALIBRATIONS],
        required=False,
        widget=SelectBox,
        label="Confidence that decides",
    )
    b_instruction = forms.CharField(
        required=False,
        max_length=INSTRUCTION_MAX_CHARACTERS,
        widget=TextArea(attrs={"rows": 3}),
        label="Words added after the ticket",
    )
    b_tickets_a_call = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=TICKETS_A_CALL_AT_MOST,
        widget=NumberBox(attrs={"min": 1, "max": TICKETS_A_CALL_AT_MOST}),
        label="Tickets in one call",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = [("", "As in A"), *((card.id, card.name) for card in CATALOG.values())]
        for name in ("b_first_model", "b_strong_model"):
            self.fields[name].choices = models  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > FILE_BYTES:
            raise forms.ValidationError(
                f"The file has {count(file.size)} bytes, where a page takes {count(FILE_BYTES)}. Use the command:"
                " python manage.py evaluate FILE."
            )
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_of_file = cleaned.get("source") == EvaluationSource.FILE
        if is_of_file and not cleaned.get("file") and "file" not in self.errors:
            self.add_error("file", "Choose a file.")
        if cleaned.get("has_b") and not self.errors and not self._changes():
            self.add_error("has_b", "B is the same as A. Say below what is different.")
        return cleaned

    def refuse(self, error: InvalidInput) -> None:
        """Say it at the field it is about, where the form has that."""
        for name in (error.field, f"b_{error.field}"):
            if name in self.fields:
                self.add_error(name, capfirst(error.message))
                return
        self.add_error(None, str(error))

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        """
        Raises:
            NoTaxonomy: Nothing has been published yet.
            InvalidInput: A change makes no sense.
        """
        given: dict[str, Any] = {
            "asks_strong_always": self.cleaned_data["asks_strong_always"],
            "calibration": self.cleaned_data["calibration"] or Calibration.IN_USE,
        }
        first = in_force(NAMES[0], **given)
        if not self.cleaned_data["has_b"]:
            return (first,)
        return first, in_force(NAMES[1], **(given | self._changes()))

    @property
    def is_batch(self) -> bool:
        return bool(self.cleaned_data["way"] == BATCH)

    @property
    def budget_nanousd(self) -> int | None:
        return as_nanousd(self.cleaned_data["budget_usd"])

    def _changes(self) -> dict[str, Any]:
        """What B has that A has not."""
        said = {name: self.cleaned_data.get(f"b_{name}") for name in CHANGEABLE}
        given = {name: value for name, value in said.items() if value not in (None, "")}
        now = in_force()
        changed = {name: value for name, value in given.items() if value != getattr(now, name)}
        calibration = self.cleaned_data.get("b_calibration")
        if calibration and calibration != self.cleaned_data.get("calibration"):
            changed["calibration"] = calibration
        return changed


class BudgetForm(forms.Form):
    """What one that goes on may cost in all. Where that was used up, at least twice as much is proposed."""

    budget_usd = DollarField(label="Budget, $", help_text="In all, with what is spent already.")

    def __init__(self, *args: Any, evaluation: Evaluation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        budget = evaluation.budget_nanousd
        if evaluation.error == BUDGET_USED:
            budget = max(2 * budget, enough_nanousd(evaluation))
        self.fields["budget_usd"].initial = as_dollars(budget)

    @property
    def budget_nanousd(self) -> int:
        return as_nanousd(self.cleaned_data["budget_usd"]) or 0


class OverrideForm(forms.Form):
    """Why a label is applied without proof. The service judges it."""

    reason = forms.CharField(
        widget=TextArea(attrs={"rows": 3}),
        help_text="At least 10 characters. It is shown with your name wherever the label’s state is.",
    )

    def refuse(self, error: InvalidInput) -> None:
        field = error.field if error.field in self.fields else None
        self.add_error(field, capfirst(error.message))
