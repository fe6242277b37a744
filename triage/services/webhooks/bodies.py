"""What an event tells: the objects of the API as they are when it is told."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, QuerySet

from triage.models import Alert, Budget, Draft, Event, EventKind, Message
from triage.selectors.budgets import with_spend
from triage.selectors.drafts import draft_object
from triage.selectors.objects import (
    Json,
    message_object,
    money,
    ticket_object,
    tickets_with_all,
    time_of,
)

DRAFTS = (EventKind.DRAFT_READY, EventKind.DRAFT_SENT)
QUOTAS = (EventKind.QUOTA_WARNING, EventKind.QUOTA_EXCEEDED)
ALERTS = (EventKind.ALERT_OPENED, EventKind.ALERT_RESOLVED)


def build_bodies(events: Iterable[Event]) -> dict[int, str]:
    """The JSON to send by the event's id; an event whose ticket, message, draft, budget or alert is gone has none."""
    rows = list(events)
    found = {
        "ticket": _found(tickets_with_all(), {row.ticket_id for row in rows}),
        "message": _found(Message.objects.all(), _about(rows, EventKind.MESSAGE_CREATED)),
        "draft": _found(Draft.objects.all(), _about(rows, *DRAFTS)),
        "budget": _found(_budgets(), _about(rows, *QUOTAS)),
        "alert": _found(Alert.objects.all(), _about(rows, *ALERTS)),
    }
    data = {row.pk: _data(row, found) for row in rows}
    return {row.pk: _body(row, data[row.pk]) for row in rows if data[row.pk] is not None}


def build_test_body(event: Event, *, webhook_id: int, description: str) -> str:
    return _body(event, {"webhook": {"id": webhook_id, "description": description or None}})


def budget_object(budget: Budget) -> Json:
    """A budget of `with_spend`; limits that are not set are null."""
    sums = vars(budget)
    limits = {"soft_usd": budget.soft_nanousd, "hard_usd": budget.hard_nanousd}
    return {
        "id": budget.pk,
        "scope": budget.scope,
        "key": budget.key or None,
        "period": budget.period,
        "starts_on": sums["starts_on"].isoformat(),
        **{name: None if limit is None else money(limit) for name, limit in limits.items()},
        "spent_usd": money(sums["spent_nanousd"]),
        "held_usd": money(sums["held_nanousd"]),
    }


def alert_object(alert: Alert) -> Json:
    """An alert; `resolved_at` is null while it is open."""
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "title": alert.get_kind_display(),
        "scope": alert.scope or None,
        "message": alert.message,
        "opened_at": time_of(alert.opened_at),
        "resolved_at": time_of(alert.resolved_at),
    }


def _body(event: Event, data: Json | None) -> str:
    whole = {"type": event.kind, "timestamp": time_of(event.created_at), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def _data(event: Event, found: Mapping[str, Mapping[int, Any]]) -> Json | None:
    """What the event's kind needs; None where some of it is gone."""
    data: Json = {"by_id": event.by_id}
    for name, row_id in _parts(event).items():
        row = found[name].get(row_id or 0)
        if row is None:
            return None
        data[name] = OBJECTS[name](row)
    if event.kind in QUOTAS:
        return {**data, **event.changes}
    if event.kind in ALERTS:
        return data
    return data | ({"changes": event.changes} if event.changes else {})


def _parts(event: Event) -> dict[str, int | None]:
    if event.kind in QUOTAS:
        return {"budget": event.about_id} if event.about_id else {}
    if event.kind in ALERTS:
        return {"alert": event.about_id}
    parts = {"ticket": event.ticket_id}
    if event.kind == EventKind.MESSAGE_CREATED:
        parts["message"] = event.about_id
    if event.kind in DRAFTS:
        parts["draft"] = event.about_id
    return parts


def _about(events: list[Event], *kinds: EventKind) -> set[int | None]:
    return {event.about_id for event in events if event.kind in kinds}


def _found(rows: QuerySet[Any], ids: set[int | None]) -> dict[int, Model]:
    known = {row_id for row_id in ids if row_id is not None}
    return {row.pk: row for row in rows.filter(pk__in=known)} if known else {}


def _budgets() -> QuerySet[Budget]:
    return with_spend(Budget.objects.all(), today=datetime.now(UTC).date())


OBJECTS: dict[str, Callable[[Any], Json]] = {
    "ticket": ticket_object,
    "message": message_object,
    "draft": draft_object,
    "budget": budget_object,
    "alert": alert_object,
}
