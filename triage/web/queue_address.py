"""The queue's address: filters and cursor in a query string, read with patience and written without noise.

A value we do not know is left out with a note; a hand-made or old address never fails.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from triage.models import Priority, Status
from triage.selectors.cursor import Cursor
from triage.selectors.queue import Choice, Choices, Filters, View

TEXT_MAX_CHARACTERS = 200
NAMES = {
    "view": "view",
    "label": "label",
    "priority": "priority",
    "status": "status",
    "team": "team",
    "text": "search",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Which part of the queue somebody asked for. `notes` say what of it we left out."""

    filters: Filters
    after: Cursor | None
    notes: tuple[str, ...]


def read(query: QueryDict, choices: Choices) -> Address:
    """The address in a query string."""
    known: dict[str, Iterable[str]] = {
        "view": View.values,
        "label": _slugs(choices.labels),
        "priority": Priority.values,
        "status": Status.values,
        "team": _slugs(choices.teams),
    }
    given = {name: query.get(name, "") for name in known}
    wrong = [name for name, value in given.items() if value and value not in known[name]]
    kept = {name: value for name, value in given.items() if value and name not in wrong}
    view = View(kept.pop("view", View.REVIEW))
    filters = Filters(view=view, text=_text(query), **kept)
    after, cursor_notes = _cursor(query.get("after", ""))
    notes = [f"There is no such {NAMES[name]}, so it was left out." for name in wrong]
    return Address(filters, after, (*notes, *cursor_notes))


def write(filters: Filters, *, after: Cursor | None = None) -> str:
    """The query string of a page, "?" included; the default view needs none."""
    values = {name: str(value) for name, value in asdict(filters).items() if value}
    if filters.view is View.REVIEW:
        values.pop("view")
    if after:
        values["after"] = after.encode()
    return f"?{urlencode(values)}" if values else "?"


def in_view(view: View) -> str:
    """The query string of a whole view."""
    return write(Filters(view=view))


def without_filters(filters: Filters) -> str:
    """The same view, not narrowed."""
    return in_view(filters.view)


def _slugs(choices: tuple[Choice, ...]) -> set[str]:
    return {choice.slug for choice in choices}


def _text(query: QueryDict) -> str:
    return query.get("text", "").replace("\0", " ").strip()[:TEXT_MAX_CHARACTERS]


def _cursor(text: str) -> tuple[Cursor | None, tuple[str, ...]]:
    if not text:
        return None, ()
    try:
        return Cursor.decode(text), ()
    except ValueError:
        return None, ("That place in the list is not known, so this is its first page.",)
