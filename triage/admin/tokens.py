"""API tokens: issued and revoked here, never edited or deleted. A secret is shown on one page, once."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.forms import BaseModelForm, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts import tokens
from accounts.exceptions import InvalidInput
from accounts.models import SYSTEM_EMAIL, ApiToken, Scope, User
from accounts.tokens import Issued, State
from triage.admin.links import link
from triage.admin.lists import ListAdmin
from triage.admin.look import ModelForm, SelectBox, chip, moment
from triage.admin.people_actions import ONE_BUTTON, Question, acting, ask
from triage.admin.people_widgets import CheckBoxes, TextBox

STATE_COLORS = {
    State.ACTIVE: "success",
    State.REVOKED: "danger",
    State.EXPIRED: "warning",
    State.USER_DEACTIVATED: "warning",
}
LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "no end"))


class TokenForm(ModelForm[ApiToken]):
    name = forms.CharField(
        max_length=tokens.NAME_LENGTH,
        widget=TextBox,
        help_text="Who or what will use it, such as “Shop import”.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        widget=CheckBoxes,
        help_text="A token can never do more than its user may at that moment; the scope admin is for admins.",
        error_messages={
            "required": "Choose at least one scope: a token without any can do nothing."
        },
    )
    days = forms.ChoiceField(
        label="Works for",
        choices=LIFETIMES,
        required=False,
        initial="365",
        widget=SelectBox,
        help_text="Afterwards it is refused; issue a new one in time.",
    )

    class Meta:
        model = ApiToken
        fields = ("user", "name", "scopes")

    @property
    def wanted(self) -> dict[str, Any]:
        """What `tokens.issue` asks for."""
        days = self.cleaned_data.get("days")
        expires_at = timezone.now() + timedelta(days=int(days)) if days else None
        names = ("user", "name", "scopes")
        return {name: self.cleaned_data[name] for name in names} | {"expires_at": expires_at}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                tokens.check(**self.wanted)
            except InvalidInput as error:
                self.add_error(error.field, error.message)
        return cleaned


@admin.register(ApiToken)
class ApiTokenAdmin(ListAdmin[ApiToken]):
    form = TokenForm
    list_display = (
        "name",
        "user",
        "allows",
        moment("created_at", "Created"),
        moment("last_used_at", "Last used"),
        moment("expires_at", "Expires"),
        "state",
        "revoking",
    )
    list_select_related = ("user",)
    search_fields = ("name", "hint", "user__email", "user__name")
    ordering = ("-created_at",)
    sortable_by = ()
    change_form_outer_before_template = "admin/token_state.html"

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """A token is for an active user, and never for `system`."""
        active = User.objects.filter(is_active=True).exclude(email=SYSTEM_EMAIL)
        return super().formfield_for_foreignkey(db_field, request, **{"queryset": active} | kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("user", "name", "scopes", "days")})]
        facts = (("name", "hint"), ("user", "issued_by"), "allows", ("created_at", "last_used_at"))
        return [(None, {"fields": (*facts, ("expires_at", "revoked_at"))})]

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke)
        return [
            path("<int:pk>/revoke/", revoke, name="accounts_apitoken_revoke"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(request, context | ONE_BUTTON, *args, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> ApiToken:
        issued = tokens.issue(**form.wanted, by=acting(request))
        vars(request)["issued"] = issued
        return issued.token

    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: BaseModelForm[ApiToken], change: bool
    ) -> None:
        """`save_form` has issued it."""

    def save_related(
        self, request: HttpRequest, form: BaseModelForm[ApiToken], formsets: Any, change: bool
    ) -> None:
        """Nothing hangs on a token."""

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Shows the secret, this once: it stands in no table, message or log."""
        issued: Issued = vars(request)["issued"]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Token {obj.name} is issued",
            "issued": issued,
            "curl": _curl(request, issued.secret),
            "elsewhere": reverse("admin:accounts_apitoken_changelist"),
        }
        return TemplateResponse(request, "admin/token_issued.html", context)

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        token = self.get_object(request, str(pk))
        if token is None:
            raise Http404
        if request.method != "POST":
            return ask(request, _before_revoking(token))
        tokens.revoke(token, by=acting(request))
        self.log_change(request, token, "Revoked.")
        messages.success(request, f"{token} is revoked.")
        return redirect("admin:accounts_apitoken_changelist")

    @admin.display(description="Scopes")
    def allows(self, token: ApiToken) -> str:
        """The scopes, and which of them the user's role does not give any more."""
        allowed = tokens.scopes_of(token.user.role)
        return ", ".join(s if s in allowed else f"{s} (not by this role)" for s in token.scopes)

    @chip("State", STATE_COLORS)
    def state(self, token: ApiToken) -> tuple[State, str]:
        state = tokens.state_of(token)
        return (state, state.capitalize())

    @admin.display(description="")
    def revoking(self, token: ApiToken) -> SafeString | str:
        if token.revoked_at:
            return ""
        return link(reverse("admin:accounts_apitoken_revoke", args=[token.pk]), "Revoke")


def tokens_of(user: User) -> SafeString | str:
    """How many tokens of `user` are not revoked, as a link to them."""
    number = user.tokens.filter(revoked_at=None).count()
    if not number:
        return "none"
    address = f"{reverse('admin:accounts_apitoken_changelist')}?user__id__exact={user.pk}"
    return link(address, f"{number} not revoked")


def _before_revoking(token: ApiToken) -> Question:
    used = f"It was last used on {_day(token.last_used_at)}." if token.last_used_at else ""
    return Question(
        title=f"Revoke {token}?",
        text=f"Requests with this token of {token.user} are refused at once, and for good. {used}",
        button="Revoke",
        back=reverse("admin:accounts_apitoken_changelist"),
    )


def _day(moment: datetime) -> str:
    return f"{moment:%-d %B %Y}"


def _curl(request: HttpRequest, secret: str) -> str:
    address = request.build_absolute_uri("/api/v1/tickets")
    return f'curl -H "Authorization: Bearer {secret}" {address}'
