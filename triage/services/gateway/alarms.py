"""Alerts that the gateway opens and resolves. Writing one never breaks a call."""

from collections.abc import Iterable
from datetime import date

import structlog
from django.db import DatabaseError

from triage.exceptions import AttemptFailed, BudgetExceeded, KeyRejected, SpendCapReached
from triage.models import Alert, AlertKind, Event, EventKind
from triage.services.gateway import budgets
from triage.services.gateway.budgets import Standing
from triage.services.gateway.catalog import name_of
from triage.services.gateway.fleet import Change
from triage.services.gateway.journal import durable
from triage.types import usd

TOLD = {
    AlertKind.BUDGET_SOFT: EventKind.QUOTA_WARNING,
    AlertKind.BUDGET_HARD: EventKind.QUOTA_EXCEEDED,
}
log = structlog.get_logger(__name__)


class _Noted:
    """The budget windows whose soft limit this process has already alerted on."""

    windows: set[tuple[str, date]] = set()


def note_change(model: str, change: Change, error: AttemptFailed | None = None) -> None:
    """What a report changed for the fleet, and what the error means for the operator."""
    name = name_of(model)
    if change is Change.OPENED:
        open_alert(AlertKind.BREAKER_OPEN, model, f"{name} keeps failing: {error}")
    elif change is Change.CLOSED:
        resolve_alert(AlertKind.BREAKER_OPEN, model)
    elif change is Change.GONE:
        open_alert(AlertKind.MODEL_GONE, model, f"{name} ({model}) no longer exists: {error}")
    if isinstance(error, SpendCapReached):
        open_alert(AlertKind.SPEND_CAP, "", str(error))
    elif isinstance(error, KeyRejected):
        open_alert(AlertKind.KEY_REJECTED, "", str(error))


def note_refusal(error: BudgetExceeded) -> None:
    open_alert(AlertKind.BUDGET_HARD, error.limit, str(error))


def note_standings(standings: Iterable[Standing]) -> None:
    """Open an alert for each budget above its soft limit, once per window and process."""
    for standing in standings:
        window = (f"{standing.scope}/{standing.key}/{standing.period}", standing.starts_on)
        if standing.is_above_soft and window not in _Noted.windows:
            _Noted.windows.add(window)
            soft = usd(standing.soft_nanousd or 0)
            text = f"{standing.name.capitalize()} is above ${soft:.2f}; it starts anew at {standing.resets_at:%Y-%m-%d} UTC."
            open_alert(AlertKind.BUDGET_SOFT, standing.name, text)


def open_alert(kind: AlertKind, scope: str, message: str) -> None:
    try:
        with durable():
            is_new = Alert.objects.open_once(kind, scope=scope, message=message)
            if is_new and kind in TOLD:
                said = {"limit": scope, "message": message}
                Event.objects.record(TOLD[kind], about_id=budgets.find_id(scope), changes=said)
    except DatabaseError as error:
        log.warning("an alert could not be written", kind=kind, scope=scope, error=str(error))


def resolve_alert(kind: AlertKind, scope: str) -> None:
    try:
        with durable():
            Alert.objects.resolve(kind, scope=scope)
    except DatabaseError as error:
        log.warning("an alert could not be resolved", kind=kind, scope=scope, error=str(error))
