"""The forms with which people choose a password."""

from typing import Any

from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm

RULES = (
    "At least 8 characters; nothing like your name or e-mail address, no common password, not only"
    " digits."
)


class AskForLinkForm(PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["email"]
        field.label = "E-mail address"
        field.widget.attrs["autofocus"] = True
        field.error_messages["required"] = "Enter your e-mail address."


class ChoosePasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, second.label = "New password", "The same again"
        first.help_text, second.help_text = RULES, ""
        first.widget.attrs["autofocus"] = True
        first.error_messages["required"] = "Choose a password."
        second.error_messages["required"] = "Type the password a second time."
