"""Tickets, messages and triage as outsiders see them: the objects of the REST API and of webhooks.

One place says what a ticket looks like outside, so that what is pushed and what is asked for are the same. Money is in
dollars as a string, exact to the nano-dollar; times are ISO 8601 in UTC; what is not set is null.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from triage.models import (
    FieldDecision,
    Import,
    Label,
    Message,
    Requester,
    State,
    TaxonomyVersion,
    Ticket,
    Triage,
)
from triage.models.imports import ImportState
from triage.types import usd

Json = dict[str, Any]
# A run that waits for a batch waits, as far as outsiders are concerned.
STATES = {State.BATCHED.value: State.QUEUED.value}


def tickets_with_all() -> QuerySet[Ticket]:
    """All tickets, each ready to be shown."""
    return with_all(Ticket.objects.all())


def with_all(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """The tickets with everything that `ticket_object` shows, in two queries for any number."""
    return (
        tickets.select_related("requester", "label", "triage__taxonomy_version")
        .prefetch_related("triage__fields")
        .defer("search", "triage__taxonomy_version__labels", "triage__first_answer")
    )


def ticket_object(ticket: Ticket) -> Json:
    """The ticket as the API shows it; from `tickets_with_all` it asks the database nothing."""
    return {
        "id": ticket.pk,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "priority": ticket.priority or None,
        "label": ticket.label.slug if ticket.label else None,
        "team_id": ticket.team_id,
        "assignee_id": ticket.assignee_id,
        "requester_id": ticket.requester_id,
        "requester": requester_object(ticket.requester),
        "tags": ticket.tags,
        "channel": ticket.channel,
        "source": ticket.source or None,
        "external_id": ticket.external_id or None,
        "language": ticket.language or None,
        "sentiment": ticket.sentiment or None,
        "custom_fields": ticket.custom_fields,
        "needs_review": ticket.needs_review,
        "version": ticket.version,
        "triage": triage_object(ticket.triage),
        "created_at": time_of(ticket.created_at),
        "updated_at": time_of(ticket.updated_at),
        "solved_at": time_of(ticket.solved_at),
    }


def new_ticket_object(ticket: Ticket) -> Json:
    """The same of a ticket that was stored just now, from memory: nothing is decided yet."""
    nothing = Prefetch("triage__fields", FieldDecision.objects.none())
    prefetch_related_objects([ticket], nothing)
    return ticket_object(ticket)


def requester_object(requester: Requester | None) -> Json | None:
    if requester is None:
        return None
    return {
        "id": requester.pk,
        "name": requester.name or None,
        "email": requester.email or None,
        "external_id": requester.external_id or None,
    }


def triage_object(run: Triage | None) -> Json | None:
    """The newest run: its state, what it decided and why, what a person made of it, and what it cost."""
    if run is None:
        return None
    version = run.taxonomy_version
    return {
        "state": STATES.get(run.state, run.state),
        "skip_reason": run.skip_reason or None,
        "fields": {row.field: _field_object(row) for row in _fields(run)},
        "reason": run.reason or None,
        "stage": run.stage or None,
        "model": run.model_served or None,
        "obtained": run.obtained or None,
        "escalated": run.escalated,
        "escalation_reason": run.escalation_reason or None,
        "prompt_version": run.prompt_version or None,
        "taxonomy_version": version.number if version else None,
        "cost_usd": money(run.cost_nanousd),
        "latency_ms": run.latency_ms,
        "at": time_of(run.finished_at),
        "simulated": settings.TRIAGE_SIMULATOR,
    }


def message_object(message: Message) -> Json:
    return {
        "id": message.pk,
        "ticket_id": message.ticket_id,
        "author": message.author_kind,
        "author_id": message.author_id,
        "author_name": message.author_name or None,
        "body": message.body,
        "public": message.is_public,
        "created_at": time_of(message.created_at),
    }


def label_object(label: Label) -> Json:
    return {
        "slug": label.slug,
        "name": label.name,
        "description": label.description,
        "exclusions": label.exclusions,
        "examples": label.examples,
        "team_id": label.team_id,
        "always_escalate": label.always_escalate,
        "auto_apply": label.auto_apply,
        "threshold": label.threshold,
        "active": label.is_active,
    }


def taxonomy_object(version: TaxonomyVersion) -> Json:
    return {
        "number": version.number,
        "digest": version.digest,
        "labels": [label["slug"] for label in version.labels],
        "created_at": time_of(version.created_at),
    }


def import_object(run: Import) -> Json:
    """An import and how far it has come."""
    return {
        "id": run.pk,
        "name": run.name,
        "source": run.source,
        "state": run.state,
        "progress": _progress(run),
        "lines_read": run.lines_read,
        "new": run.new,
        "known": run.known,
        "refused": run.refused,
        "unmapped": run.unmapped,
        "problems": run.problems,
        "error": run.error or None,
        "created_at": time_of(run.created_at),
        "updated_at": time_of(run.updated_at),
    }


def _progress(run: Import) -> float | None:
    """The share of the file that is read, 0 to 1; None where the size is not known."""
    if run.state == ImportState.DONE:
        return 1.0
    return round(min(1.0, run.bytes_read / run.size_bytes), 4) if run.size_bytes else None


def money(nanousd: int) -> str:
    """Dollars, all nine places: "0.000243175"."""
    return f"{usd(nanousd):.9f}"


def time_of(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the microsecond, ending in Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _fields(run: Triage) -> Iterable[FieldDecision]:
    return sorted(run.fields.all(), key=lambda row: row.pk)


def _field_object(row: FieldDecision) -> Json:
    return {
        "value": row.value or None,
        "confidence": row.confidence,
        "threshold": row.threshold,
        "decision": row.decision,
        "alternatives": row.alternatives,
        "corrected_to": row.corrected_to or None,
        "corrected_by": row.corrected_by_id,
        "corrected_at": time_of(row.corrected_at),
        "correction_reason": row.correction_reason or None,
    }
