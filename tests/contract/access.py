"""Every address and method of the API with the scope it asks for, as the code has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern
from rest_framework.views import APIView

from accounts import tokens
from accounts.models import Role
from triage.api import urls
from triage.api.base import Endpoint

METHODS = ("get", "post", "patch", "put", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` below /api, with `{name}` for what it takes; `scope` is "" where any token will do."""

    method: str
    path: str
    scope: str

    def may(self, role: Role) -> bool:
        return not self.scope or self.scope in tokens.scopes_of(role)


def operations() -> Iterator[Operation]:
    """All of them, in the order of the addresses."""
    for pattern in urls.urlpatterns:
        view = _endpoint(pattern)
        if view is None:
            continue
        path = str(pattern.pattern).replace("<id:", "{").replace("<path:", "{").replace(">", "}")
        for method in METHODS:
            if hasattr(view, method):
                yield Operation(method.upper(), f"/{path}", str(view.scopes.get(method, "")))


def _endpoint(pattern: URLPattern) -> type[Endpoint] | None:
    view: Any = getattr(pattern.callback, "cls", None)
    is_ours = isinstance(view, type) and issubclass(view, Endpoint)
    return view if is_ours and view is not urls.NowhereApi and issubclass(view, APIView) else None


def table() -> str:
    """The table of docs/api.md."""
    lines = ["| | scope | agent | admin | integration |", "|---|---|---|---|---|"]
    for operation in operations():
        roles = (Role.AGENT, Role.ADMIN, Role.INTEGRATION)
        marks = " | ".join("yes" if operation.may(role) else "no" for role in roles)
        path = operation.path.removeprefix("/v1")
        lines.append(f"| `{operation.method} {path}` | `{operation.scope}` | {marks} |")
    return "\n".join(lines)
