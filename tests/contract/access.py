"""Every address and method of the API with the scopes it asks for, as the code has it."""

import re
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
    """`path` below /api, with `{name}` for what it takes. A token needs all the `scopes`; where there are none any will do."""

    method: str
    path: str
    scopes: frozenset[str]

    def may(self, role: Role) -> bool:
        return self.scopes <= tokens.scopes_of(role)


def operations() -> Iterator[Operation]:
    """All of them, in the order of the addresses."""
    for pattern in urls.urlpatterns:
        view = _endpoint(pattern)
        if view is None:
            continue
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        for method in METHODS:
            if hasattr(view, method):
                needed = {view.scopes.get(method, ""), *getattr(view, "also", ())} - {""}
                yield Operation(method.upper(), f"/{path}", frozenset(map(str, needed)))


def _endpoint(pattern: URLPattern) -> type[Endpoint] | None:
    view: Any = getattr(pattern.callback, "cls", None)
    is_ours = isinstance(view, type) and issubclass(view, Endpoint)
    return view if is_ours and view is not urls.NowhereApi and issubclass(view, APIView) else None


def table() -> str:
    """The table of docs/api.md."""
    lines = ["| | scopes | agent | admin | integration |", "|---|---|---|---|---|"]
    for operation in operations():
        roles = (Role.AGENT, Role.ADMIN, Role.INTEGRATION)
        marks = " | ".join("yes" if operation.may(role) else "no" for role in roles)
        path = operation.path.removeprefix("/v1")
        scopes = ", ".join(f"`{scope}`" for scope in sorted(operation.scopes))
        lines.append(f"| `{operation.method} {path}` | {scopes} | {marks} |")
    return "\n".join(lines)
