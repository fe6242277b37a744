"""The watch over audited answers: a bet against the promise that may be looked at after every one, and what its alarm does.

It watches all automatic answers together, whoever gave them. The chance that it ever raises a false alarm is ALARM_D. An alarm
holds for a week; the watch begins anew at once, so that it can step back further.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from triage.models import Alert, AlertKind, Audit, Automation, LocalModel, LocalModelState
from triage.services.classification import stage_0
from triage.services.statistics.drift import Watch

log = structlog.get_logger(__name__)

ALARM_D = 0.01
FEARED = 2.5  # times the target: 5 % where 2 % are promised
HOLDS = timedelta(weeks=1)


def watch_of(row: Automation) -> Watch:
    """What has been watched so far for the promise in force; a new one where there is none."""
    kept: dict[str, Any] = row.watch
    if kept and kept["target"] == row.target:
        return Watch(**kept)
    return begin(row.target)


def begin(target: float) -> Watch:
    return Watch(target=target, feared=min(FEARED * target, (1 + target) / 2), d=ALARM_D)


def is_alarmed(row: Automation) -> bool:
    """Whether an alarm was raised within a week."""
    return row.alarmed_at is not None and row.alarmed_at > timezone.now() - HOLDS


def count(row: Automation, audit: Audit) -> str:
    """Take one judged audit into the watch; what an alarm did, in words, or "".

    `row` is locked and `audit` has been judged in this very transaction: so each counts once, in the order of judging.
    """
    watching = watch_of(row).after(audit.is_wrong)
    row.watched_until = audit.pk
    done = _alarm(row, watching) if watching.alarmed_at else ""
    row.watch = asdict(begin(row.target) if done else watching)
    row.save(update_fields=["watch", "watched_until", "alarmed_at", "is_local_on", "updated_at"])
    if done:
        transaction.on_commit(stage_0.forget)
    return done


def _alarm(row: Automation, watching: Watch) -> str:
    row.alarmed_at = timezone.now()
    done = (
        _step_back(row)
        if row.is_local_on
        else "The local model was off; other stages gave these answers."
    )
    words = (
        f"Of {watching.audited:,} automatic answers audited in a row {watching.wrong:,} were wrong; at most"
        f" {100 * watching.target:g} % are promised. {done}"
    )
    Alert.objects.open_once(AlertKind.AUDIT_DRIFT, message=words)
    log.warning("audits raise an alarm", audited=watching.audited, wrong=watching.wrong)
    return words


def _step_back(row: Automation) -> str:
    """Each threshold of the champion to the next stricter one that was proven; without one the group is asked of Claude again."""
    model = LocalModel.objects.filter(state=LocalModelState.CHAMPION).defer("content").first()
    if model is None or not model.thresholds:
        row.is_local_on = False
        return "The local model is off."
    model.thresholds = {
        group: stricter
        for group, threshold in model.thresholds.items()
        if (stricter := _stricter(model, group, threshold)) is not None
    }
    model.save(update_fields=["thresholds"])
    if model.thresholds:
        return "The local model answers alone only from the next stricter threshold on."
    row.is_local_on = False
    return "No stricter threshold is proven: the local model is off."


def _stricter(model: LocalModel, group: str, threshold: float) -> float | None:
    proof: dict[str, Any] = model.certificate.get("proofs", {}).get(group, {})
    above = [step for step in proof.get("ladder", []) if step > threshold]
    return min(above, default=None)
