"""The forms people are added and changed with."""

from typing import Any

from django import forms

from accounts.models import Role, User
from triage.admin.look import AdminUserCreationForm, ModelForm, UserChangeForm
from triage.selectors import people


class _KnownByEmail(ModelForm[User]):
    def clean_email(self) -> str:
        """Addresses differ in more than upper and lower case."""
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is a user with this e-mail address already.")
        return email


class NewUserForm(_KnownByEmail, AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "name", "role", "team")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["usable_password"]
        login.label = "Login"
        login.help_text = "Integrations need none: they use a token."
        login.widget.choices = [("true", "With a password"), ("false", "None")]


class UserForm(_KnownByEmail, UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "name", "role", "team", "is_active", "password", "calls_per_minute")

    def clean(self) -> dict[str, Any]:
        """An installation keeps one admin who can log in."""
        cleaned = super().clean() or {}
        stays_admin = cleaned.get("role") == Role.ADMIN and cleaned.get("is_active")
        if not stays_admin and people.is_last_admin(self.instance):
            field = "is_active" if cleaned.get("role") == Role.ADMIN else "role"
            self.add_error(field, "This is the only active admin. Make somebody else one first.")
        return cleaned
