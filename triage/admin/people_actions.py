"""What an admin does to one person or token on a page of its own: asked first where it hurts, by POST alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from accounts import invitations, people, throttling
from accounts.exceptions import Refused
from accounts.models import User
from triage.admin.lists import ListAdmin

ONE_BUTTON = {"show_save_and_add_another": False, "show_save_and_continue": False}
Page = Callable[[HttpRequest, int], HttpResponse]


@dataclass(frozen=True)
class Question:
    """What is asked before something is done: in words, with the word on the button and the way back."""

    title: str
    text: str
    button: str
    back: str


def acting(request: HttpRequest) -> User:
    """The person at the keyboard; `admin_view` has let nobody else in."""
    return cast("User", request.user)


def ask(request: HttpRequest, question: Question) -> HttpResponse:
    """The page that asks, whose form comes back by POST to the same address."""
    context = {
        **admin.site.each_context(request),
        "title": question.title,
        "question": question,
    }
    return TemplateResponse(request, "accounts/admin_question.html", context)


class PersonActions(ListAdmin[User]):
    """Deactivate, reactivate, invite again, lift a login's pause."""

    change_form_outer_before_template = "accounts/admin_person.html"

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Page] = {
            "deactivate": self.deactivate,
            "reactivate": require_POST(self.reactivate),
            "invite": require_POST(self.invite),
            "lift": require_POST(self.lift),
        }
        views = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(page), name=_address_name(name))
            for name, page in pages.items()
        ]
        return [*views, *super().get_urls()]

    def deactivate(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._person(request, pk)
        if request.method != "POST":
            return ask(request, _before_deactivating(person))
        try:
            people.deactivate(person, by=acting(request))
        except Refused as error:
            messages.error(request, f"{person} was not deactivated. {error}")
        else:
            self.log_change(request, person, "Deactivated.")
            messages.success(request, f"{person} is deactivated.")
        return redirect("admin:accounts_user_change", pk)

    def reactivate(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._person(request, pk)
        people.reactivate(person, by=acting(request))
        self.log_change(request, person, "Reactivated.")
        messages.success(request, f"{person} is active again.")
        return redirect("admin:accounts_user_change", pk)

    def invite(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._person(request, pk)
        try:
            invitations.prepare(person, by=acting(request))
        except Refused as error:
            messages.error(request, f"No invitation was sent. {error}")
            return redirect("admin:accounts_user_change", pk)
        self.log_change(request, person, "Invited again.")
        return self.show_invitation(request, person)

    def lift(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._person(request, pk)
        throttling.lift(person.email)
        self.log_change(request, person, "Login lock lifted.")
        messages.success(request, f"{person} may try to log in again.")
        return redirect("admin:accounts_user_change", pk)

    def show_invitation(self, request: HttpRequest, person: User) -> HttpResponse:
        """Mails the link and shows it, this once: it stands in no table, message or log."""
        site = request.build_absolute_uri("/").rstrip("/")
        context = {
            **self.admin_site.each_context(request),
            "title": f"{person} is invited",
            "invitation": invitations.send(person, site=site, by=acting(request)),
            "elsewhere": reverse("admin:accounts_user_change", args=[person.pk]),
        }
        return TemplateResponse(request, "accounts/admin_invitation.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if kwargs.get("add"):
            context |= ONE_BUTTON
        person = kwargs.get("obj")
        if person is not None and self.has_change_permission(request, person):
            context |= {"person": person, "pauses": throttling.locks(person.email)}
        return super().render_change_form(request, context, *args, **kwargs)

    def _person(self, request: HttpRequest, pk: int) -> User:
        """
        Raises:
            Http404: There is no such user.
            PermissionDenied: Nobody changes this user.
        """
        person = self.get_object(request, str(pk))
        if person is None:
            raise Http404
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        return person


def _before_deactivating(person: User) -> Question:
    return Question(
        title=f"Deactivate {person}?",
        text=(
            f"{person} is logged out everywhere at once, cannot log in, and their API tokens stop"
            " working. Their tickets and their history stay. You can reactivate them at any time."
        ),
        button="Deactivate",
        back=reverse("admin:accounts_user_change", args=[person.pk]),
    )


def _address_name(action: str) -> str:
    return f"accounts_user_{action}"
