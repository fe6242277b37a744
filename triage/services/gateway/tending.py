"""tend(): what the gateway does on its own, every few seconds: ended leases, and alerts whose reason has passed."""

from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from triage.models import Alert, AlertKind
from triage.services.gateway import alarms, budgets, fleet
from triage.services.gateway.budgets import Standing
from triage.services.gateway.fleet import Breaker
from triage.services.gateway.journal import durable, expire_attempts

QUIET = timedelta(hours=1)
ROOM_AGAIN = 0.95  # of the limit: below it a budget's alert is over, also within its window


def tend() -> None:
    """Settle attempts whose owner is gone; resolve alerts that no call would resolve. Costs nothing; safe to run twice."""
    expire_attempts()
    open_alerts = list(Alert.objects.filter(resolved_at=None))
    for alert in open_alerts:
        if alert.kind == AlertKind.BREAKER_OPEN and _has_closed(alert.scope):
            alarms.resolve_alert(AlertKind.BREAKER_OPEN, alert.scope)
    of_budgets = [
        a for a in open_alerts if a.kind in (AlertKind.BUDGET_SOFT, AlertKind.BUDGET_HARD)
    ]
    if of_budgets:
        _settle_budgets(of_budgets)


def _has_closed(model: str) -> bool:
    """Also where Redis has lost its data, and nobody is left to report a close."""
    view = fleet.look(model)
    return view.is_known and view.breaker is Breaker.CLOSED


def _settle_budgets(alerts: list[Alert]) -> None:
    with durable() as cursor:
        standings = {standing.name: standing for standing in budgets.read_all(cursor)}
    for alert in alerts:
        if _is_over(alert, standings.get(alert.scope)):
            alarms.resolve_alert(AlertKind(alert.kind), alert.scope)


def _is_over(alert: Alert, standing: Standing | None) -> bool:
    """The budget is gone, its window is a new one, or there is room in it again and nobody was refused lately.

    A feature is refused from its share on, where the whole still has room.
    """
    if standing is None:
        return True
    if alert.last_seen_at < datetime.combine(standing.starts_on, time.min, UTC):
        return True
    if timezone.now() - alert.last_seen_at < QUIET:
        return False
    is_soft = alert.kind == AlertKind.BUDGET_SOFT
    limit = standing.soft_nanousd if is_soft else standing.hard_nanousd
    return limit is None or standing.used_nanousd < limit * ROOM_AGAIN
