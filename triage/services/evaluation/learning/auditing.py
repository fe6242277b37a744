"""Automatic answers drawn at random for people to judge blind: the only figure that says how good they really are.

A fixed number a week, whatever the volume, of all stages alike: each night a seventh of it, from the answers of the seven days
before that were not drawn yet. An answer that somebody has corrected meanwhile is drawn like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import (
    Audit,
    Automation,
    Decision,
    Field,
    Label,
    LocalModel,
    Stage,
    State,
    Triage,
)
from triage.services.evaluation import automation
from triage.services.evaluation.learning import drifting

WEEK = timedelta(days=7)
NIGHT = timedelta(hours=20)  # a task that is late or early by some hours is still the next night's
DAYS = 7


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a judgement. `alarm` says what an alarm did, "" without one."""

    audit: Audit
    alarm: str

    @property
    def agrees(self) -> bool:
        return not self.audit.is_wrong


def a_week(row: Automation) -> int:
    """How many are drawn in a week: twice as many in the week after an alarm."""
    return row.audits_a_week * (2 if drifting.is_alarmed(row) else 1)


def draw() -> int:
    """Draw tonight's audits; how many. Safe to run twice: what was drawn counts."""
    now = timezone.now()
    with transaction.atomic():
        row = automation.locked()
        runs = _answers(now).order_by("?")[: _room(row, now)]
        models = _by_version()
        drawn = [
            Audit(
                triage_id=pk, label=label, stage=stage, local_model_id=_model(stage, local, models)
            )
            for pk, label, stage, local in runs.values_list(
                "pk", "fields__value", "stage", "local_answer"
            )
        ]
        Audit.objects.bulk_create(drawn)
    return len(drawn)


def find_next() -> Audit | None:
    """The audit that has waited longest, with its ticket. Who judges does not choose."""
    return _waiting().select_related("triage__ticket").order_by("drawn_at", "id").first()


def count_waiting() -> int:
    return _waiting().count()


def _waiting() -> QuerySet[Audit]:
    """Not of labels that were withdrawn since: nobody could judge such an answer right."""
    return Audit.objects.filter(truth="", label__in=_active())


def _active() -> QuerySet[Label, str]:
    return Label.objects.filter(is_active=True).values_list("slug", flat=True)


def judge(audit_id: int, *, truth: str, by: User) -> Judged:
    """Keep a person's judgement, once and for good, and count it in the watches.

    Raises:
        Audit.DoesNotExist: There is no such audit.
        InvalidInput: There is no such active label.
        Conflict: Somebody else has judged it meanwhile.
    """
    label = Label.objects.filter(slug=truth.replace("\0", ""), is_active=True).first()
    if label is None:
        raise InvalidInput("label", "choose one that is active")
    with transaction.atomic():
        row = automation.locked()
        judged = {"truth": label.slug, "by": by, "judged_at": Now()}
        mine = Audit.objects.filter(pk=audit_id, truth="").update(**judged)
        audit = Audit.objects.get(pk=audit_id)
        if not mine:
            raise Conflict("Somebody else has judged this one meanwhile.")
        return Judged(audit, drifting.count(row, audit))


def _room(row: Automation, now: datetime) -> int:
    """What is left of tonight's seventh and of the week's number."""
    in_week = Audit.objects.filter(drawn_at__gt=now - WEEK).count()
    tonight = Audit.objects.filter(drawn_at__gt=now - NIGHT).count()
    return max(0, min(ceil(a_week(row) / DAYS) - tonight, a_week(row) - in_week))


def _answers(now: datetime) -> QuerySet[Triage]:
    """Automatic answers of the last seven days that were not drawn yet."""
    return Triage.objects.filter(
        state=State.DONE,
        finished_at__gt=now - WEEK,
        fields__field=Field.LABEL,
        fields__decision=Decision.APPLIED,
        fields__value__in=_active(),
        audit=None,
    )


def _by_version() -> dict[str, int]:
    """The local models that were ever champions."""
    champions = LocalModel.objects.filter(promoted_at__isnull=False).order_by("promoted_at")
    return dict(champions.values_list("version", "pk"))


def _model(stage: str, local: Mapping[str, Any] | None, models: Mapping[str, int]) -> int | None:
    return models.get(local["version"]) if local and stage == Stage.LOCAL else None
