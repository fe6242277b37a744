"""What is asked for: which tickets, and what to do with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet, TextChoices

from accounts.models import Team, User
from triage.exceptions import InvalidInput
from triage.models import Label, Ticket
from triage.selectors import queue
from triage.selectors.cursor import BIGGEST_ID
from triage.selectors.queue import Filters
from triage.services.tickets import naming
from triage.services.tickets.changing import Changes, checked

BULK_AT_MOST = 500


class Action(TextChoices):
    ASSIGN = "assign", "Assign"
    TEAM = "team", "Team"
    LABEL = "label", "Label"
    PRIORITY = "priority", "Priority"
    STATUS = "status", "Status"
    ACCEPT = "accept", "Accept suggestions"


@dataclass(frozen=True, slots=True)
class Selection:
    """Either chosen tickets or all that match the queue's filters; the first BULK_AT_MOST of them count."""

    ids: tuple[int, ...] = ()
    filters: Filters | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selection's tickets, not read yet; `is_capped` says that there are more than these."""

    tickets: QuerySet[Ticket]
    is_capped: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What to do, checked: fields to set as a single change sets them, or a label to choose, or neither: to accept."""

    action: Action
    value: str
    wanted: Mapping[str, Any] = field(default_factory=dict)
    label: Label | None = None


def read_order(action: str, value: str) -> Order:
    """The order that a form's action and value name.

    Raises:
        InvalidInput: There is no such action, agent, team, label, priority or status.
    """
    if action not in Action.values:
        raise InvalidInput("action", f"must be one of {', '.join(Action.values)}")
    match Action(action):
        case Action.LABEL as known:
            label = naming.get_label(value)
            return Order(known, label.slug, label=label)
        case Action.ACCEPT as known:
            return Order(known, "")
        case known:
            return Order(known, value, checked(_changes(known, value)))


def choose(selection: Selection, *, by: User) -> Chosen:
    """The selection's tickets as `by` sees them, in two queries at most besides reading them.

    Whoever reads them asks for the filters once more, so that a ticket that has left the view meanwhile is not among them.

    Raises:
        InvalidInput: Nothing is selected, or both ways at once.
    """
    if bool(selection.ids) is (selection.filters is not None):
        raise InvalidInput("tickets", "must be chosen, or be all that match")
    if selection.filters is None:
        ids = [number for number in dict.fromkeys(selection.ids) if 0 < number <= BIGGEST_ID]
        chosen = Ticket.objects.filter(pk__in=ids[:BULK_AT_MOST])
        return Chosen(chosen, is_capped=len(ids) > BULK_AT_MOST)
    first = queue.first_ids(selection.filters, by=by, limit=BULK_AT_MOST)
    matching = queue.matching(selection.filters, by=by)
    return Chosen(matching.filter(pk__in=first.ids), is_capped=first.has_more)


def _changes(action: Action, value: str) -> Changes:
    match action:
        case Action.ASSIGN:
            return Changes(assignee_id=_user_id(value))
        case Action.TEAM:
            return Changes(team_id=_team_id(value))
        case Action.PRIORITY:
            return Changes(priority=value)
        case _:
            return Changes(status=value)


def _user_id(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and int(value) <= BIGGEST_ID):
        raise InvalidInput("assignee_id", f"there is no active agent {value[:20]!r}")
    return int(value)


def _team_id(slug: str) -> int | None:
    if not slug:
        return None
    found = Team.objects.filter(slug=slug.replace("\0", "")).values_list("pk", flat=True).first()
    if found is None:
        raise InvalidInput("team", f"there is no team {slug[:60]!r}")
    return found
