"""Is all well? One sentence for each thing that is not, with where to look."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from triage.admin.dashboards.health_models import ModelNow
from triage.models import Alert, AlertKind

LATE_SECONDS = 300  # a triage that is due is begun within seconds while a worker is there
FAILED_SHARE = 0.2
FEW_REQUESTS = 10  # a share of fewer says nothing
RECENT_HOURS = 2
OF_A_MODEL = (AlertKind.BREAKER_OPEN, AlertKind.MODEL_GONE)  # their scope is the model


@dataclass(frozen=True, slots=True)
class Problem:
    """`text` is a sentence or two; `address` and `place` lead to where more is to be seen."""

    text: str
    address: str
    place: str


def problems(
    *,
    alerts: Sequence[Alert],
    models: Sequence[ModelNow],
    waits: Iterable[tuple[Any, ...]],
    hours: Sequence[tuple[Any, ...]],
    are_figures_old: bool,
) -> tuple[Problem, ...]:
    """What is wrong now; empty when all is well. What an open alert says already is not said twice.

    Args:
        waits: Rows of the report `health-queue`.
        hours: Rows of the report `health-hours`, oldest first.
        are_figures_old: Whether the cells that the page reads are no longer brought up to date.
    """
    told = {alert.kind for alert in alerts}
    return (
        *map(_alerted, alerts),
        *_ailing(models, told, {alert.scope for alert in alerts if alert.kind in OF_A_MODEL}),
        *(_late(waits) if AlertKind.QUEUE_AGE not in told else ()),
        *(_stopped() if are_figures_old and AlertKind.ROLLUPS_OLD not in told else ()),
        *(_failing(hours) if AlertKind.ERROR_RATE not in told else ()),
    )


def _alerted(alert: Alert) -> Problem:
    since = f"{alert.opened_at.astimezone(UTC):%-d %b, %H:%M} UTC"
    text = f"{alert.get_kind_display()}, since {since}. {alert.message}"
    address = f"{reverse('admin:triage_alert_changelist')}?state=open"
    return Problem(text, address, "Open alerts")


def _ailing(models: Sequence[ModelNow], told: set[str], told_models: set[str]) -> Iterator[Problem]:
    states = {model.is_well for model in models}
    if None in states and AlertKind.REDIS_DOWN not in told:
        text = "Redis does not answer: models are asked without the fleet's pace and breaker, and drafts cannot be written."
        yield Problem(text, "#system", "System")
    for model in models:
        if model.is_well is False and model.id not in told_models:
            yield Problem(f"{model.name}: {model.state}.", "#models", "Models")


def _late(waits: Iterable[tuple[Any, ...]]) -> Iterator[Problem]:
    since: list[datetime] = [row[3] for row in waits if row[3]]
    now = timezone.now()
    if since and (now - min(since)).total_seconds() > LATE_SECONDS:
        text = f"Work has been waiting for {timesince(min(since), now, depth=1)} since it was due. Is a worker running?"
        yield Problem(text, "#queue", "What waits")


def _stopped() -> Iterator[Problem]:
    text = "The figures are not being brought up to date, which a worker does twice a minute. Is one running?"
    yield Problem(text, "#system", "System")


def _failing(hours: Sequence[tuple[Any, ...]]) -> Iterator[Problem]:
    recent = hours[-RECENT_HOURS:]
    attempts, failed = sum(row[1] for row in recent), sum(row[2] for row in recent)
    if attempts >= FEW_REQUESTS and failed >= FAILED_SHARE * attempts:
        text = f"Of the {attempts:,} requests since {recent[0][0]:%H:%M} UTC, {failed:,} failed."
        yield Problem(text, "#errors", "Requests that failed")
