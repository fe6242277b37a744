"""What may run by itself: the one row that says so, and its switches. Each asks who turns it and why.

Nothing runs by itself without the row. What is proven for a promise is worth nothing for a stricter one, so a stricter promise
takes the local model's thresholds away until it is trained anew.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Automation, LocalModel, LocalModelState
from triage.services.classification import stage_0
from triage.services.statistics.checking import check_between

log = structlog.get_logger(__name__)

REASON_MAX_CHARACTERS = 200
AUDITS_AT_MOST = 10_000
NO_CHAMPION = (
    "There is no champion. Train a local model, and promote one that the release gate lets through."
)
NOT_CERTIFIED = "The champion may not answer alone: no group of labels is certified for it."


@dataclass(frozen=True, slots=True)
class Switched:
    """What was changed, in words that can stand in a history, with the reason that was given."""

    words: str
    by: User
    reason: str

    def __str__(self) -> str:
        return f"{self.words} {self.reason}"


def current() -> Automation:
    """The row, or the defaults, unsaved, where there is none."""
    return Automation.objects.filter(pk=1).first() or Automation(pk=1)


def locked() -> Automation:
    """The row for this transaction alone, made where there was none."""
    Automation.objects.bulk_create([Automation(pk=1)], ignore_conflicts=True)
    return Automation.objects.select_for_update().get(pk=1)


def champion() -> LocalModel | None:
    """The local model in use, without its content."""
    rows = LocalModel.objects.defer("content").select_related("by")
    return rows.filter(state=LocalModelState.CHAMPION).first()


def switch_local_on(*, by: User, reason: str) -> Switched:
    """From now on the champion answers alone where that is certified.

    Raises:
        Conflict: There is no champion, or nothing is certified for it.
        InvalidInput: No reason is given.
    """
    with transaction.atomic():
        row, model = locked(), champion()
        if model is None:
            raise Conflict(NO_CHAMPION)
        if not model.thresholds:
            raise Conflict(NOT_CERTIFIED)
        words = f"The local model {model.version} answers alone where that is certified."
        return _save(row, {"is_local_on": True}, words, by=by, reason=reason)


def switch_local_off(*, by: User, reason: str) -> Switched:
    """Every ticket is asked of Claude again.

    Raises:
        InvalidInput: No reason is given.
    """
    with transaction.atomic():
        words = "The local model answers nothing alone any more."
        return _save(locked(), {"is_local_on": False}, words, by=by, reason=reason)


def change_promise(*, target: float, d: float, by: User, reason: str) -> Switched:
    """At most a share `target` of the automatic answers may be wrong, but for a chance of `d`.

    The audits are watched anew from here on, because what was seen so far speaks of another promise.

    Raises:
        InvalidInput: One of them is not between 0 and 1, or no reason is given.
    """
    check_between("target", target)
    check_between("d", d)
    with transaction.atomic():
        row = locked()
        values: dict[str, Any] = {"target": target, "d": d}
        if (target, d) != (row.target, row.d):
            values["watch"] = {}
        if target < row.target or d < row.d:
            values["is_local_on"] = False
            LocalModel.objects.filter(state=LocalModelState.CHAMPION).update(thresholds={})
        words = f"At most {100 * target:g} % may be wrong, with a chance of {100 * d:g} % to break that."
        return _save(row, values, words, by=by, reason=reason)


def change_audits(
    *, audits_a_week: int, exploration_share: float, by: User, reason: str
) -> Switched:
    """So many automatic answers are judged in a week, and such a share of what could be answered locally is asked all the same.

    Raises:
        InvalidInput: One of them makes no sense, or no reason is given.
    """
    if not 0 <= audits_a_week <= AUDITS_AT_MOST:
        raise InvalidInput("audits_a_week", f"it is not 0 to {AUDITS_AT_MOST:,}")
    if not 0 <= exploration_share <= 1:
        raise InvalidInput("exploration_share", f"{exploration_share} is not 0 to 1")
    values = {"audits_a_week": audits_a_week, "exploration_share": exploration_share}
    words = f"{audits_a_week:,} audits a week, and {100 * exploration_share:g} % are asked all the same."
    with transaction.atomic():
        return _save(locked(), values, words, by=by, reason=reason)


def checked_reason(reason: str) -> str:
    """Raises InvalidInput where there is none, or more than a history keeps."""
    given = " ".join(reason.split())
    if not given:
        raise InvalidInput("reason", "say why, for those who look at this later")
    if len(given) > REASON_MAX_CHARACTERS:
        raise InvalidInput("reason", f"it is longer than {REASON_MAX_CHARACTERS} characters")
    return given


def _save(
    row: Automation, values: dict[str, Any], words: str, *, by: User, reason: str
) -> Switched:
    switched = Switched(words, by, checked_reason(reason))
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=[*values, "updated_at"])
    transaction.on_commit(stage_0.forget)
    log.info("automation changed", words=words, by=by.pk, reason=switched.reason)
    return switched
