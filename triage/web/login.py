"""Coming in and going out: e-mail address and password."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.forms import EmailInput
from django.http import HttpRequest
from django.utils.decorators import method_decorator


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "This e-mail address and password do not belong together. Check both and try again.",
        "inactive": "This account is switched off. Ask an admin to switch it on.",
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        field = self.fields["username"]
        field.label = "E-mail address"
        field.widget = EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        field.error_messages["required"] = "Enter your e-mail address."
        self.fields["password"].error_messages["required"] = "Enter your password."


@method_decorator(login_not_required, name="dispatch")
class Login(LoginView):
    authentication_form = LoginForm
    redirect_authenticated_user = True
