"""Rows of some age for the tests of pruning."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import ApiToken, User
from tests.integration.admin_cases import add_call
from triage.models import BulkChange, KeptAnswer, Prompt, PromptGuide, StoredReply


def ago(**age: float) -> datetime:
    return timezone.now() - timedelta(**age)


def add_prompt(at: datetime, *, guide: str = "g") -> Prompt:
    PromptGuide.objects.get_or_create(digest=guide, defaults={"system": guide})
    return Prompt.objects.create(
        call=add_call(), guide_digest=guide, content=["a"], max_tokens=1, created_at=at
    )


def add_reply(fingerprint: str, at: datetime | None, **fields: Any) -> StoredReply:
    reply = {"text": "x", "model_asked": "m", "model_served": "m", "cost_nanousd": 1}
    return StoredReply.objects.create(
        fingerprint=fingerprint, owner=1, stored_at=at, reply=reply if at else None, **fields
    )


def add_answer(token: ApiToken, key: str, at: datetime) -> KeptAnswer:
    return KeptAnswer.objects.create(
        token=token, path="/", key=key, body_digest="d", status=201, body="{}", created_at=at
    )


def add_change(by: User, at: datetime) -> BulkChange:
    return BulkChange.objects.create(by=by, action="status", value="solved", created_at=at)
