"""Who may use the workspace: agents and admins. Everyone else gets a page that says so."""

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views import View

from accounts.models import User


class WorkspaceView(View):
    """A page or form of the workspace; the login itself is the middleware's."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not agent(request).can_work_tickets:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def agent(request: HttpRequest) -> User:
    """The person behind a request that has passed the login."""
    return cast("User", request.user)
