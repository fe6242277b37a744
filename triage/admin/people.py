"""Users and teams. Who has left a trace in the history is deactivated, never deleted."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.forms import BaseModelForm, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import invitations
from accounts.models import SYSTEM_EMAIL, Role, Team, User
from triage.admin.links import link
from triage.admin.lists import ListAdmin
from triage.admin.look import AdminPasswordChangeForm, chip, moment
from triage.admin.look import UserAdmin as DjangoUserAdmin
from triage.admin.people_actions import PersonActions, acting
from triage.admin.people_forms import InvitationForm, UserForm
from triage.admin.tokens import tokens_of
from triage.selectors import people

__all__ = ["TeamAdmin", "UserAdmin", "acting"]

ROLE_COLORS = {Role.ADMIN: "info", Role.AGENT: "success", Role.INTEGRATION: "warning"}
STATE_COLORS = {"active": "success", "invited": "warning", "deactivated": "danger"}

admin.site.unregister(Group)  # roles decide here, not Django's groups


class Stored(HttpResponse):
    """A new user is stored; whoever is to be invited hears of it once the transaction is committed."""

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user


@admin.register(User)
class UserAdmin(PersonActions, DjangoUserAdmin[User], ListAdmin[User]):
    """Django's pages for users, which set passwords, in the admin's look. Adding somebody invites them."""

    form = UserForm
    add_form = InvitationForm
    add_form_template = "admin/change_form.html"
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "email",
        "name",
        "role_chip",
        "team",
        "state",
        moment("last_login", "Last login"),
    )
    list_select_related = ("team",)
    list_filter = ("role", "is_active", "team")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": (("email", "name"), ("role", "team"), "password")}),
        ("Limits", {"fields": ("calls_per_minute",)}),
        ("History", {"fields": (("created_at", "last_login"), "history", "api_tokens")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "role", "team")}),)
    readonly_fields = ("created_at", "last_login", "history", "api_tokens")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """The user `system` is the application itself."""
        is_person = obj is None or obj.email != SYSTEM_EMAIL
        return is_person and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """One by one: a list could hide somebody with a history."""
        return obj is not None and not _why_kept(obj, acting(request))

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[User]]:
        form = super().get_form(request, obj, change=change, **kwargs)
        if issubclass(form, UserForm):
            form.by = acting(request)
        return form

    def save_model(
        self, request: HttpRequest, obj: User, form: BaseModelForm[User], change: bool
    ) -> None:
        if not change and obj.role != Role.INTEGRATION:
            return invitations.prepare(obj, by=acting(request))
        if not change:
            obj.set_unusable_password()
        return super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        return Stored(obj)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": "Invite somebody"}
        response = super().add_view(request, form_url, {**(extra_context or {}), **title})
        if not isinstance(response, Stored):
            return response
        if response.user.role != Role.INTEGRATION:
            return self.show_invitation(request, response.user)
        issue = link(_issuing(response.user), "Issue a token")
        messages.success(request, format_html("{} is stored. {} for it now.", response.user, issue))
        return redirect("admin:accounts_user_change", response.user.pk)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id)
        reason = _why_kept(user, acting(request)) if user else ""
        if user and reason:
            messages.warning(request, f"{user} cannot be deleted: {reason}")
            return redirect("admin:accounts_user_change", user.pk)
        return super().delete_view(request, object_id, extra_context)

    @chip("Role", ROLE_COLORS)
    def role_chip(self, user: User) -> tuple[str, str]:
        if user.email == SYSTEM_EMAIL:
            return ("", "System")
        return (user.role, Role(user.role).label)

    @chip("State", STATE_COLORS)
    def state(self, user: User) -> tuple[str, str]:
        if not user.is_active:
            return ("deactivated", "Deactivated")
        if user.has_usable_password():
            return ("active", "Active")
        if user.role == Role.INTEGRATION:
            return ("", "No login")
        return ("invited", "Invited")

    @admin.display(description="Left a trace in")
    def history(self, user: User) -> str:
        return ", ".join(people.traces(user)) or "nothing yet"

    @admin.display(description="API tokens")
    def api_tokens(self, user: User) -> SafeString:
        issue = link(_issuing(user), "Issue one")
        return format_html("{} · {}", tokens_of(user), issue)


@admin.register(Team)
class TeamAdmin(ListAdmin[Team]):
    list_display = ("name", "slug", "members")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Team | None = None) -> list[str]:
        """Published labels name their team by its slug."""
        return ["slug"] if obj else []

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Team | None = None
    ) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return obj is not None and not people.is_team_in_use(obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        team = self.get_object(request, object_id)
        if team and people.is_team_in_use(team):
            text = "it has members, labels or tickets. Move them to another team first."
            messages.warning(request, f"{team} cannot be deleted: {text}")
            return redirect("admin:accounts_team_change", team.pk)
        return super().delete_view(request, object_id, extra_context)

    @admin.display(description="Members")
    def members(self, team: Team) -> SafeString:
        return link(f"../user/?team__id__exact={team.pk}", "Show")


def _why_kept(user: User, by: User) -> str:
    """Why `user` is not to be deleted, as the end of a sentence; "" where nothing speaks against it."""
    if user.email == SYSTEM_EMAIL:
        return "background work runs as this user."
    if user == by:
        return "that is you."
    traces = people.traces(user)
    if traces:
        return f"the history names them ({', '.join(traces)}). Deactivate them instead."
    return ""


def _issuing(user: User) -> str:
    return f"{reverse('admin:accounts_apitoken_add')}?user={user.pk}"
