"""watch(): alerts on figures open and resolve by what the rules read; whoever should know is told of them and of all others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from triage.models import Alert, AlertKind, AlertRule
from triage.selectors import rollups
from triage.services.alerts import mailing, telling
from triage.services.alerts.readings import Reading
from triage.services.alerts.rules import RULES, Rule

log = structlog.get_logger(__name__)

QUIET = timedelta(days=1)  # after which an alert on what no longer happens at all is over


@dataclass(frozen=True, slots=True)
class Looked:
    """What a rule reads just now; `own_limit` is an admin's. `failed` says that it could not read."""

    rule: Rule
    is_on: bool
    own_limit: float | None
    readings: tuple[Reading, ...] = ()
    failed: bool = False


def watch() -> None:
    """Open and resolve what the rules find, then tell what nobody was told yet. Any number of processes may do it at once."""
    now = timezone.now()
    are_cells_old = _are_cells_old()
    for looked in look(now):
        if not looked.is_on:
            _resolve(looked.rule.kind, _open_alerts(looked.rule.kind))
        elif not (looked.failed or (are_cells_old and looked.rule.reads_cells)):
            _settle(looked.rule, looked.readings, now)
    telling.tell()
    mailing.send_due()


def look(now: datetime) -> list[Looked]:
    """What every rule reads. One that fails is logged and keeps none of the others from being read."""
    own = {row.kind: row for row in AlertRule.objects.all()}
    return [_look(rule, own.get(rule.kind), now) for rule in RULES.values()]


def _look(rule: Rule, own: AlertRule | None, now: datetime) -> Looked:
    is_on, limit = own is None or own.is_on, own.limit if own else None
    try:
        with transaction.atomic():
            return Looked(rule, is_on, limit, tuple(rule.read(now, limit)))
    except Exception:
        log.exception("an alert's rule failed", kind=rule.kind)
        return Looked(rule, is_on, limit, failed=True)


def _settle(rule: Rule, readings: Iterable[Reading], now: datetime) -> None:
    found = {reading.scope: reading for reading in readings}
    for scope, reading in found.items():
        if reading.is_over:
            Alert.objects.open_once(rule.kind, scope=scope, message=reading.text)
    seen_at = _open_alerts(rule.kind)
    _resolve(rule.kind, (s for s in seen_at if _is_over(rule, found.get(s), now - seen_at[s])))


def _is_over(rule: Rule, reading: Reading | None, unseen: timedelta) -> bool:
    """Whether an open alert that was last seen `unseen` ago has ended."""
    if reading is None or reading.value is None:
        return rule.ends_quietly or unseen > QUIET
    return not reading.is_over and rule.is_past(reading)


def _open_alerts(kind: AlertKind) -> dict[str, datetime]:
    """When each was last seen, by scope."""
    rows = Alert.objects.filter(kind=kind, resolved_at=None)
    return dict(rows.values_list("scope", "last_seen_at"))


def _resolve(kind: AlertKind, scopes: Iterable[str]) -> None:
    for scope in scopes:
        Alert.objects.resolve(kind, scope=scope)


def _are_cells_old() -> bool:
    """Whether cells have fallen behind: what came meanwhile is missing in them, and nothing can be told from that."""
    at = rollups.refreshed_at()
    return at is not None and rollups.is_old(at)
