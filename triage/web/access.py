"""Who may use the workspace: agents and admins. Everyone else gets a page that says so."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views import View

from accounts.models import User
from triage.models import Draft, Ticket


class LoginRequired(LoginRequiredMiddleware):
    """A page leads to the login; a part of one says 401, so that what somebody was typing stays where it is."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        accepted = request.headers.get("Accept", "*/*")
        is_page = not is_part(request) and ("text/html" in accepted or accepted == "*/*")
        if is_page:
            return cast("HttpResponseBase", super().handle_no_permission(request, view_func))
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)


class WorkspaceView(View):
    """A page or form of the workspace; the login itself is the middleware's."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not agent(request).can_work_tickets:
            raise PermissionDenied
        try:
            response = super().dispatch(request, *args, **kwargs)
            # What "back" shows must be what is so now: an answered ticket that looks unanswered is answered twice.
            response.headers.setdefault("Cache-Control", "no-store")
            return response
        except Ticket.DoesNotExist:
            raise Http404("There is no such ticket.") from None
        except Draft.DoesNotExist:
            raise Http404("There is no such draft.") from None


def agent(request: HttpRequest) -> User:
    """The person behind a request that has passed the login."""
    return cast("User", request.user)


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page rather than the whole."""
    return request.headers.get("HX-Request") == "true"


def posted(request: HttpRequest, name: str, *, most: int = 200) -> str:
    """A short text of a form, without the character that the database cannot even look for."""
    return request.POST.get(name, "").replace("\0", "").strip()[:most]


def posted_version(request: HttpRequest) -> int | None:
    """The ticket's version that the form was made for; a hand-made form without one takes whatever is there."""
    return number_in(request.POST.get("version", ""))


def number_in(text: str) -> int | None:
    return int(text) if 0 < len(text) < 18 and text.isascii() and text.isdigit() else None
