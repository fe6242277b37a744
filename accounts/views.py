"""Choosing a password by a link: after a reset from the login page, and after an invitation."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import (
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy

from accounts import links, throttling
from accounts.forms import AskForLinkForm, ChoosePasswordForm

TOO_MANY = "Too many links were asked for from your network. Try again in an hour."
BACKEND = "django.contrib.auth.backends.ModelBackend"


class PasswordReset(PasswordResetView):
    """Asks for the e-mail address; what follows is the same whether or not it is known, or has been mailed too often."""

    form_class = AskForLinkForm
    token_generator = links.resets
    email_template_name = "registration/password_reset_email.txt"
    success_url = reverse_lazy("password-reset-sent")

    def form_valid(self, form: Any) -> HttpResponse:
        if not throttling.may_ask_for_link(self.request):
            form.add_error("email", TOO_MANY)
            response = self.form_invalid(form)
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            return response
        if not throttling.may_be_mailed(form.cleaned_data["email"]):
            return redirect(self.get_success_url())
        return super().form_valid(form)


class PasswordResetSent(PasswordResetDoneView):
    template_name = "registration/password_reset_sent.html"
    extra_context = {"minutes": int(links.RESET_LIFETIME.total_seconds() // 60)}


class PasswordResetConfirm(PasswordResetConfirmView):
    """The new password ends the other sessions, and a pause of the login."""

    form_class = ChoosePasswordForm
    token_generator = links.resets
    success_url = reverse_lazy(settings.LOGIN_URL)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        throttling.lift(form.user.email)
        messages.success(self.request, "Your password is changed. Log in with the new one.")
        return response


class Invitation(PasswordResetConfirmView):
    """The first password; who has chosen it is logged in."""

    form_class = ChoosePasswordForm
    token_generator = links.invitations
    template_name = "accounts/invitation.html"
    success_url = settings.LOGIN_REDIRECT_URL
    reset_url_token = "choose"  # noqa: S105 - a word in the address
    post_reset_login = True
    post_reset_login_backend = BACKEND
    extra_context = {"days": links.INVITATION_LIFETIME.days}
