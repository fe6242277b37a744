"""The form a webhook is added and changed with; what may be entered is the service's to say."""

from typing import Any

from django import forms

from triage.admin.look import ModelForm
from triage.admin.people_widgets import CheckBoxes
from triage.exceptions import InvalidInput
from triage.models import Webhook
from triage.services import webhooks
from triage.services.webhooks import KINDS, Changes

FIELDS = ("url", "description", "kinds")


class WebhookForm(ModelForm[Webhook]):
    kinds = forms.MultipleChoiceField(
        label="Events",
        choices=[(kind.value, f"{kind.label} ({kind.value})") for kind in KINDS],
        widget=CheckBoxes,
        error_messages={"required": "Choose at least one event."},
    )

    class Meta:
        model = Webhook
        fields = FIELDS
        labels = {"url": "Address"}
        help_texts = {
            "url": "Where events are sent by POST, in https://. No address inside a private network.",
            "description": "Who or what listens there.",
        }

    @property
    def wanted(self) -> Changes:
        """What the service is asked to set."""
        return Changes(**{name: self.cleaned_data[name] for name in FIELDS})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                webhooks.check(url=cleaned["url"], kinds=cleaned["kinds"])
            except InvalidInput as error:
                self.add_error(error.field, f"This address {error.message}.")
        return cleaned
