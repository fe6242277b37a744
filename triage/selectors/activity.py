"""What happened to a ticket, in sentences: what people and integrations did, what triage decided, what became of drafts.

Events are pruned after 30 days; the newest word on each run's label, and what became of drafts, is kept for good. Messages
are not repeated here: they stand in the thread.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import TextChoices

from triage.models import Decision, DraftState, Event, EventKind, State, Ticket
from triage.selectors.activity_words import Names, change_in_words, correction_in_words, names_for

SHOWN_AT_MOST = 100
SAME_ACT = timedelta(seconds=5)  # between a decision's correction and its event
TOLD = (EventKind.TICKET_UPDATED, EventKind.STATUS_CHANGED, EventKind.TRIAGE_CORRECTED)
DRAFT_WORDS = {
    DraftState.ACCEPTED: "took a draft into the editor",
    DraftState.DISCARDED: "discarded a draft",
    DraftState.SENT: "sent a draft",
}
HISTORY = """
SELECT 'run' AS source, coalesce(run.finished_at, run.created_at) AS at, run.state, coalesce(said.value, '') AS label,
       coalesce(said.decision, '') AS decision, coalesce(said.corrected_to, '') AS corrected_to, said.corrected_at,
       coalesce(nullif(person.name, ''), person.email, '') AS who,
       jsonb_path_query_first(
           version.labels, '$[*] ? (@.slug == $label).team', jsonb_build_object('label', said.value)) #>> '{}' AS team
  FROM triage_triage AS run
  LEFT JOIN triage_fielddecision AS said ON said.triage_id = run.id AND said.field = 'label'
  LEFT JOIN triage_taxonomyversion AS version ON version.id = run.taxonomy_version_id
  LEFT JOIN accounts_user AS person ON person.id = said.corrected_by_id
 WHERE run.ticket_id = %(ticket)s AND run.state IN ('done', 'skipped', 'failed')
UNION ALL
SELECT 'draft', draft.decided_at, draft.state, '', '', '', NULL, coalesce(nullif(person.name, ''), person.email, ''), ''
  FROM triage_draft AS draft LEFT JOIN accounts_user AS person ON person.id = draft.decided_by_id
 WHERE draft.ticket_id = %(ticket)s AND draft.decided_at IS NOT NULL
 ORDER BY at DESC LIMIT %(at_most)s
"""


class ActivityKind(TextChoices):
    CREATED = "created", "Created"
    CHANGED = "changed", "Changed"
    TRIAGED = "triaged", "Triaged"
    CORRECTED = "corrected", "Corrected"
    DRAFT = "draft", "Draft"


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened. `text` is the whole sentence, without a full stop; `who` did it."""

    at: datetime
    who: str
    text: str
    kind: ActivityKind


class _Row(NamedTuple):
    """A run with what was made of its label, or a draft that was decided on."""

    source: str
    at: datetime
    state: str
    label: str
    decision: str
    corrected_to: str
    corrected_at: datetime | None
    who: str
    team: str | None


def activity_of(ticket: Ticket) -> tuple[Activity, ...]:
    """What happened to the ticket, the newest first, at most SHOWN_AT_MOST; in three queries."""
    events = _without_doubles(_events(ticket))
    rows = _history(ticket)
    names = names_for([event.changes for event in events], _changes_of(rows))
    found = [
        *(_of_event(event, names) for event in events),
        *(_of_row(row, ticket, names) for row in rows),
        *(_of_correction(row, names) for row in rows if _is_untold(row, events)),
        Activity(ticket.created_at, "", _arrival(ticket), ActivityKind.CREATED),
    ]
    found.sort(key=lambda activity: activity.at, reverse=True)
    return tuple(found[:SHOWN_AT_MOST])


def _events(ticket: Ticket) -> list[Event]:
    told = Event.objects.filter(ticket=ticket, kind__in=TOLD).select_related("by")
    return list(told.order_by("-id")[:SHOWN_AT_MOST])


def _without_doubles(events: Iterable[Event]) -> list[Event]:
    """A change of the status is told as a change and as one of the status: once will do."""
    kept: list[Event] = []
    updates = [event for event in events if event.kind == EventKind.TICKET_UPDATED]
    for event in events:
        is_double = event.kind == EventKind.STATUS_CHANGED and any(
            other.changes == event.changes and abs(other.created_at - event.created_at) < SAME_ACT
            for other in updates
        )
        kept += [] if is_double else [event]
    return kept


def _history(ticket: Ticket) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"ticket": ticket.pk, "at_most": SHOWN_AT_MOST})
        return [_Row(*row) for row in cursor.fetchall()]


def _changes_of(rows: Iterable[_Row]) -> list[Mapping[str, Any]]:
    """What the rows name, as events name it."""
    return [{"label": [row.label, row.corrected_to], "team": [None, row.team]} for row in rows]


def _of_event(event: Event, names: Names) -> Activity:
    who = str(event.by or "Somebody")
    if event.kind == EventKind.TRIAGE_CORRECTED:
        words, kind = correction_in_words(event.changes, names), ActivityKind.CORRECTED
    else:
        words, kind = change_in_words(event.changes, names), ActivityKind.CHANGED
    return Activity(event.created_at, who, f"{who} {words}", kind)


def _of_row(row: _Row, ticket: Ticket, names: Names) -> Activity:
    if row.source == "draft":
        words = DRAFT_WORDS[DraftState(row.state)]
        return Activity(row.at, row.who, f"{row.who} {words}", ActivityKind.DRAFT)
    words = _verdict(row, names, has_own_team="team" in ticket.set_by_person)
    return Activity(row.at, "Triage", f"Triage {words}", ActivityKind.TRIAGED)


def _verdict(row: _Row, names: Names, *, has_own_team: bool) -> str:
    """What a run decided. The team that it set is the label's in the taxonomy version of that day."""
    label = names.of("label", row.label)
    match row.state, row.decision:
        case State.SKIPPED, _:
            return "was skipped and will catch up"
        case State.FAILED, _:
            return "failed"
        case _, Decision.APPLIED if row.team and not has_own_team:
            return f"set label {label} and team {names.of('team', row.team)}"
        case _, Decision.APPLIED:
            return f"set label {label}"
        case _, Decision.SUGGESTED:
            return f"suggested label {label}"
        case _:
            return f"was too unsure to suggest {label}" if row.label else "found no label"


def _is_untold(row: _Row, events: Iterable[Event]) -> bool:
    """Whether the run's label was corrected, and no event tells of it."""
    at = row.corrected_at
    if at is None:
        return False
    return not any(
        event.kind == EventKind.TRIAGE_CORRECTED and abs(event.created_at - at) < SAME_ACT
        for event in events
    )


def _of_correction(row: _Row, names: Names) -> Activity:
    words = correction_in_words({"label": [row.label, row.corrected_to]}, names)
    at = row.corrected_at or row.at
    return Activity(at, row.who, f"{row.who} {words}", ActivityKind.CORRECTED)


def _arrival(ticket: Ticket) -> str:
    channel = ticket.get_channel_display()
    return f"The ticket came in by {channel if channel.isupper() else channel.lower()}"
