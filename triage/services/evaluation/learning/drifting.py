"""The watches over audited answers: bets against the promise that may be looked at after every one, and what an alarm does.

One watches all automatic answers together, whoever gave them, and one each group of labels. The chance that any of them ever
raises a false alarm is ALARM_D. An alarm holds for a week; its watch begins anew at once, so that it can step back further, and
the others go on. What was answered before the alarm says nothing of what it did: it counts no more in that watch, whenever it
was drawn or is judged.

An answer's group is that of the label that was answered, as the champion has it when the answer is judged. A label that the
champion does not know counts as rare: it answers neither alone. Without a champion there are no groups, and only the watch over
all counts. The watches of the groups have their part of ALARM_D all the same, so that it need not be dealt anew later.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from triage.models import Alert, AlertKind, Audit, Automation, LocalModel
from triage.services.classification import stage_0
from triage.services.evaluation import automation
from triage.services.evaluation.learning.certifying import Group
from triage.services.statistics.drift import ALL, Watches

log = structlog.get_logger(__name__)

HOLDS = timedelta(weeks=1)
NAMES = (ALL, *(group.value for group in Group))


def watches_of(row: Automation) -> Watches:
    """What has been watched so far for the promise in force; new ones where there is none, or one over all answers alone."""
    begun = Watches.begin(NAMES, target=row.target)
    kept = Watches.read(row.watch)
    return kept if kept.anew(kept.by_name) == begun else begun


def group_of(label: str, champion: LocalModel | None) -> str | None:
    """None without a champion."""
    if champion is None:
        return None
    groups: dict[str, str] = champion.certificate.get("groups", {})
    return groups.get(label, Group.RARE.value)


def is_alarmed(row: Automation) -> bool:
    """Whether an alarm was raised within a week."""
    return row.alarmed_at is not None and row.alarmed_at > timezone.now() - HOLDS


def count(row: Automation, audit: Audit) -> str:
    """Take one judged audit into its watches; what an alarm did, in words, or "".

    `row` is locked and `audit` has been judged in this very transaction: so each counts once, in the order of judging.
    """
    champion = automation.champion()
    group = group_of(audit.label, champion)
    names = [name for name in (ALL, group) if name and _counts_in(name, row, audit)]
    watches = watches_of(row).after(audit.is_wrong, names=names)
    alarmed = watches.alarmed
    done = _alarm(row, champion, watches) if alarmed else ""
    row.watched_until = audit.pk
    row.watch = watches.anew(alarmed).as_dict() | {
        "alarm": done or row.watch.get("alarm", ""),
        "anew": _anew(row, alarmed),
    }
    row.save(update_fields=["watch", "watched_until", "alarmed_at", "is_local_on", "updated_at"])
    if done:
        transaction.on_commit(stage_0.forget)
    return done


def _counts_in(name: str, row: Automation, audit: Audit) -> bool:
    """Whether it was answered since the watch began anew, if it did."""
    since = row.watch.get("anew", {}).get(name)
    answered_at = audit.triage.finished_at if since else None
    return answered_at is None or answered_at >= datetime.fromisoformat(since)


def _anew(row: Automation, alarmed: Iterable[str]) -> dict[str, str]:
    """When an alarm last had each watch begin anew, those of `alarmed` just now: by name, ISO 8601, UTC."""
    moment = row.alarmed_at.isoformat() if row.alarmed_at else ""
    return {**row.watch.get("anew", {}), **dict.fromkeys(alarmed, moment)}


def _alarm(row: Automation, champion: LocalModel | None, watches: Watches) -> str:
    """One, however many watches raised it with this audit; what the watch over all steps back on steps back once."""
    row.alarmed_at = timezone.now()
    seen = _seen(watches)
    done = (
        _step_back(row, champion, watches.alarmed)
        if row.is_local_on
        else "The local model was off; other stages gave these answers."
    )
    words = f"{seen}; at most {100 * row.target:g} % are promised. {done}"
    Alert.objects.open_once(AlertKind.AUDIT_DRIFT, message=words)
    log.warning("audits raise an alarm", watches=watches.alarmed, words=words)
    return words


def _seen(watches: Watches) -> str:
    counts = [(name, watches.by_name[name]) for name in watches.alarmed]
    of = [
        f"of {each.audited:,} audited automatic answers{_with(name)} {each.wrong:,} were wrong"
        for name, each in counts
    ]
    return " and ".join(of).capitalize()


def _with(name: str) -> str:
    return "" if name == ALL else f" with {name} labels"


def _step_back(row: Automation, champion: LocalModel | None, alarmed: Iterable[str]) -> str:
    """Each threshold in question to the next stricter one that was proven; without one the group is asked of Claude again."""
    if champion is None or not champion.thresholds:
        row.is_local_on = False
        return "The local model is off."
    groups = [group for group in sorted(champion.thresholds) if {ALL, group} & set(alarmed)]
    if not groups:
        return "The local model answers none of these alone; other stages gave these answers."
    stricter = {group: _stricter(champion, group) for group in groups}
    left = {**champion.thresholds, **stricter}
    champion.thresholds = {group: each for group, each in left.items() if each is not None}
    champion.save(update_fields=["thresholds"])
    if champion.thresholds:
        return " ".join(_stepped(group, each) for group, each in stricter.items())
    row.is_local_on = False
    return "No stricter threshold is proven: the local model is off."


def _stepped(group: str, threshold: float | None) -> str:
    if threshold is None:
        return (
            f"No stricter threshold is proven for {group} labels: Claude is asked about them again."
        )
    return f"From now on {group} labels are answered by the local model only from a chance of {100 * threshold:.1f} % on."


def _stricter(champion: LocalModel, group: str) -> float | None:
    proof: dict[str, Any] = champion.certificate.get("proofs", {}).get(group, {})
    threshold = champion.thresholds[group]
    return min((step for step in proof.get("ladder", []) if step > threshold), default=None)
