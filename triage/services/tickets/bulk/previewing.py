"""What a change of many tickets would do, in words, before anybody makes it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Manager

from accounts.models import Team, User
from triage.models import Label, Priority, Status
from triage.services.tickets.bulk import planning
from triage.services.tickets.bulk.asking import Selection, choose, read_order
from triage.services.tickets.bulk.planning import Step

LINES_AT_MOST = 8
OWNERS: dict[str, tuple[Manager[Any], str]] = {
    "assignee_id": (User.objects, "Nobody"),
    "team_id": (Team.objects, "No team"),
    "label_id": (Label.objects, "No label"),
}


@dataclass(frozen=True, slots=True)
class BulkLine:
    """`count` tickets go from `before` to `after`. The team that follows from a label is not named."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """Of `matched` tickets, `unchanged` are so already and `untouched` cannot be changed so: nothing is suggested, say.

    `changes` are the most frequent ones first, at most LINES_AT_MOST; `is_capped`: more match than are taken at once.
    """

    matched: int
    is_capped: bool
    changes: tuple[BulkLine, ...]
    unchanged: int
    untouched: int


def preview_bulk(selection: Selection, *, action: str, value: str, by: User) -> BulkPreview:
    """What `change_in_bulk` would do just now. Writes nothing.

    Raises:
        InvalidInput: As `change_in_bulk` would.
    """
    order = read_order(action, value)
    chosen = choose(selection, by=by)
    tickets = list(chosen.tickets.defer("search", "description", "custom_fields").order_by("pk"))
    planned = planning.plan(order, tickets)
    return BulkPreview(
        matched=len(tickets),
        is_capped=chosen.is_capped,
        changes=_lines(planned.steps),
        unchanged=planned.unchanged,
        untouched=planned.untouched,
    )


def _lines(steps: Iterable[Step]) -> tuple[BulkLine, ...]:
    seen = Counter(pair for step in steps for pair in _values(step))
    names = _names(seen)
    words = Counter[tuple[str, str]]()
    for (name, before, after), count in seen.items():
        words[_words(name, before, after, names)] += count
    lines = [BulkLine(before, after, count) for (before, after), count in words.items()]
    lines.sort(key=lambda line: (-line.count, line.before, line.after))
    return tuple(lines[:LINES_AT_MOST])


def _values(step: Step) -> Iterable[tuple[str, Any, Any]]:
    """What the step sets, as (field, before, after)."""
    if step.label:
        yield "label_id", step.ticket.label_id, step.label.pk
    for name, to in step.wanted.items():
        yield name, getattr(step.ticket, name), to


def _words(
    name: str, before: Any, after: Any, names: Mapping[tuple[str, int], str]
) -> tuple[str, str]:
    if name in OWNERS:
        first, then = (names.get((name, key), OWNERS[name][1]) for key in (before, after))
        return first, f"{first}, confirmed" if before == after else then
    if name == "status":
        return Status(before).label, Status(after).label
    first, then = (Priority(value).label if value else "No priority" for value in (before, after))
    return first, then


def _names(seen: Iterable[tuple[str, Any, Any]]) -> dict[tuple[str, int], str]:
    """The names of all users, teams and labels that are mentioned, by field and id; a query for each kind."""
    mentioned: dict[str, set[int]] = {}
    for name, *ids in seen:
        if name in OWNERS:
            mentioned.setdefault(name, set()).update(number for number in ids if number)
    return {
        (name, row.pk): str(row)
        for name, ids in mentioned.items()
        for row in OWNERS[name][0].filter(pk__in=ids)
    }
