"""The forms people are invited and changed with."""

from typing import ClassVar

from django import forms

from accounts import people
from accounts.exceptions import Refused
from accounts.models import Role, User
from triage.admin.look import ModelForm, UserChangeForm


class _KnownByEmail(ModelForm[User]):
    def clean_email(self) -> str:
        """Addresses differ in more than upper and lower case."""
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is a user with this e-mail address already.")
        return email


class InvitationForm(_KnownByEmail):
    class Meta:
        model = User
        fields = ("email", "name", "role", "team")
        help_texts = {
            "email": "The link to choose a password is mailed here; they log in with this address.",
            "role": "Agents work tickets, admins also run the installation. Integrations use tokens and do not log in.",
        }


class UserForm(_KnownByEmail, UserChangeForm):  # type: ignore[type-arg]
    """`by` is the admin who changes; set on the class that each request has to itself."""

    by: ClassVar[User]

    class Meta:
        model = User
        fields = ("email", "name", "role", "team", "password", "calls_per_minute")

    def clean_role(self) -> str:
        """An installation keeps one admin who can log in, and nobody locks themselves out."""
        role = str(self.cleaned_data["role"])
        if self.instance.role == Role.ADMIN and role != Role.ADMIN:
            try:
                people.check_can_leave(self.instance, by=self.by)
            except Refused as error:
                raise forms.ValidationError(str(error)) from error
        return role
