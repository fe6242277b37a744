"""Users and teams. Who has left a trace in the history is switched off, never deleted."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString

from accounts.models import SYSTEM_EMAIL, Role, Team, User
from triage.admin.links import link
from triage.admin.lists import ListAdmin
from triage.admin.look import AdminPasswordChangeForm, chip, moment
from triage.admin.look import UserAdmin as DjangoUserAdmin
from triage.admin.people_forms import NewUserForm, UserForm
from triage.selectors import people

ROLE_COLORS = {Role.ADMIN: "info", Role.AGENT: "success", Role.INTEGRATION: "warning"}

admin.site.unregister(Group)  # roles decide here, not Django's groups


def acting(request: HttpRequest) -> User:
    """The person at the keyboard; `admin_view` has let nobody else in."""
    return cast("User", request.user)


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ListAdmin[User]):
    """Django's pages for users, which add people and set passwords, in the admin's look."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "email",
        "name",
        "role_chip",
        "team",
        "is_active",
        moment("last_login", "Last login"),
    )
    list_select_related = ("team",)
    list_filter = ("role", "is_active", "team")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": (("email", "name"), ("role", "team"), "is_active", "password")}),
        ("Limits", {"fields": ("calls_per_minute",)}),
        ("History", {"fields": (("created_at", "last_login"), "history")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "email",
                    "name",
                    "role",
                    "team",
                    "usable_password",
                    "password1",
                    "password2",
                )
            },
        ),
    )
    readonly_fields = ("created_at", "last_login", "history")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """The user `system` is the application itself."""
        is_person = obj is None or obj.email != SYSTEM_EMAIL
        return is_person and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """One by one: a list could hide somebody with a history."""
        return obj is not None and not _why_kept(obj, acting(request))

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

    @admin.display(description="Left a trace in")
    def history(self, user: User) -> str:
        return ", ".join(people.traces(user)) or "nothing yet"


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
        return f"the history names them ({', '.join(traces)}). Make them inactive instead."
    return ""
