"""A caller of the API with a token: paths below /api/v1, bodies as JSON, answers as they come."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts import tokens
from accounts.models import User
from accounts.models.tokens import Scope

READ_WRITE = (Scope.TICKETS_READ, Scope.TICKETS_WRITE)
ROOT = "/api/v1"


@dataclass
class Api:
    """Calls as one token. Answers have `status_code`, `json()` and `headers`."""

    secret: str
    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(ROOT + path, query, headers=self._headers({}))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("patch", path, body)

    def send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """A body that is not JSON yet becomes it."""
        content = body if isinstance(body, (str, bytes)) else json.dumps(body)
        send = getattr(self.client, method)
        return send(
            ROOT + path, content, content_type="application/json", headers=self._headers(headers)
        )

    def delete(self, path: str) -> Any:
        return self.client.delete(ROOT + path, headers=self._headers({}))

    def upload(self, path: str, files: dict[str, Any]) -> Any:
        return self.client.post(ROOT + path, files, headers=self._headers({}))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}", **self.headers, **named}


def api_as(user: User, *, scopes: Sequence[str] = READ_WRITE) -> Api:
    """The API as `user` with a new token."""
    return Api(tokens.issue(user, name="test", scopes=list(scopes), by=user).secret)


def fault_fields(answer: Any) -> list[str]:
    """The fields that a 422 names."""
    assert answer.status_code == 422, answer.content
    return [detail["field"] for detail in answer.json()["error"]["details"]]
