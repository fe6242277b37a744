"""What Claude is shown and says, kept with every call: as it left the house and as it came back.

A call's own part is written in the statements that open and close the call. What all calls of a version share, the guide, is
written with the process's first call of it and again at most hourly, in the same transaction as that call; so a guide is
there for every prompt, also while unused ones are dropped.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from django.db import OperationalError, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from triage.models import Prompt, PromptGuide
from triage.models.prompts import KEPT_DAYS
from triage.services.gateway.client.answers import storable
from triage.services.gateway.fingerprint import guide_digest_of
from triage.services.gateway.request import Request

GUIDE_SECONDS = 3600.0
LOCK_TIMEOUT = "1s"  # calls that write their guide wait behind the one that drops
LONGEST_TRANSACTION = timedelta(minutes=5)  # of a call's; they last milliseconds


class _Written:
    """When (monotonic seconds) this process last wrote each guide, by digest."""

    guides: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class KeptPrompt:
    """A request as it is kept: what is the call's own, and the digest of the rest."""

    request: Request
    guide_digest: str

    @property
    def content(self) -> list[str]:
        return [storable(text) for text in self.request.content]

    @property
    def content_json(self) -> str:
        return json.dumps(self.content, ensure_ascii=False)


def prompt_of(request: Request) -> KeptPrompt:
    return KeptPrompt(request, guide_digest_of(request))


def keep_guide(cursor: CursorWrapper, prompt: KeptPrompt) -> None:
    """Write what the prompt shares with others, unless this process has done so within the hour.

    Call it before anything else is locked: equal guides wait for each other's transactions.
    """
    written = _Written.guides.get(prompt.guide_digest)
    if written is not None and monotonic() < written + GUIDE_SECONDS:
        return
    schema = prompt.request.schema
    cursor.execute(
        """
        INSERT INTO triage_promptguide (digest, system, schema) VALUES (%s, %s, %s::jsonb)
        ON CONFLICT DO NOTHING
        """,
        [
            prompt.guide_digest,
            storable(prompt.request.system),
            None if schema is None else json.dumps(_storable_json(schema), ensure_ascii=False),
        ],
    )
    transaction.on_commit(partial(_note, prompt.guide_digest))


def old_prompts() -> QuerySet[Prompt]:
    """Those that need not be kept any longer, the oldest first."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    return Prompt.objects.filter(created_at__lt=before).order_by("created_at")


def unused_guides(*, beside: QuerySet[Prompt]) -> QuerySet[PromptGuide]:
    """The guides of none of these prompts."""
    return PromptGuide.objects.filter(~Exists(beside.filter(guide_digest=OuterRef("digest"))))


def drop_unused_guides() -> int:
    """Delete the guides that no prompt has any more; the number of them. None while calls are in the way.

    All prompts are looked at without a lock; under it, which new guides wait for, only those that came meanwhile.
    """
    since = timezone.now() - LONGEST_TRANSACTION
    unused = list(unused_guides(beside=Prompt.objects.all()).values_list("pk", flat=True))
    if not unused:
        return 0
    meanwhile = unused_guides(beside=Prompt.objects.filter(created_at__gt=since))
    try:
        with transaction.atomic(), transaction.get_connection().cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute("LOCK TABLE triage_promptguide IN SHARE ROW EXCLUSIVE MODE")
            return meanwhile.filter(pk__in=unused).delete()[0]
    except OperationalError:
        return 0


def _note(digest: str) -> None:
    now = monotonic()
    young = {d: at for d, at in _Written.guides.items() if now < at + GUIDE_SECONDS}
    _Written.guides = {**young, digest: now}


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(each) for each in value]
    return value
