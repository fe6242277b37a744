"""Pages by keyset: they cost the same wherever they start, and nothing is skipped or doubled while rows change.

`page[size]` (1 to 100, by default 25) and `page[after]`, a cursor from the page before; answers carry
`meta: {has_more, after_cursor}` and `links: {next}`.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from triage.selectors.cursor import BIGGEST_ID

SIZE_DEFAULT, SIZE_MAX = 25, 100
SIZE, AFTER = "page[size]", "page[after]"

Render = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cut:
    """A page's rows, whether others follow, and the cursor after its last row (None: there is no row at all)."""

    rows: list[Any]
    has_more: bool
    cursor: str | None


class Order:
    """An order over columns of a table, the last of them unique, and the cursor for it.

    Args:
        columns: With what a cursor's JSON value becomes again, as in `{"updated_at": moment, "id": number}`.
        lookups: Where the database finds a column's equal, for columns whose index stands on another table.
    """

    def __init__(
        self,
        columns: Mapping[str, Callable[[Any], Any]],
        *,
        is_descending: bool = False,
        lookups: Mapping[str, str] | None = None,
    ) -> None:
        self._columns = columns
        self._lookups = [(lookups or {}).get(name, name) for name in columns]
        self._is_descending = is_descending

    def cut(self, queryset: QuerySet[Any], *, after: str | None, size: int) -> Cut:
        """The page after that cursor. Raises ValidationError where it is none of ours."""
        if after is not None:
            queryset = queryset.filter(self._beyond(_decode(after, [*self._columns.values()])))
        sign = "-" if self._is_descending else ""
        queryset = queryset.order_by(*(f"{sign}{name}" for name in self._lookups))
        rows = list(queryset[: size + 1])
        last = rows[:size][-1:]
        cursor = _encode([_plain(getattr(last[0], n)) for n in self._columns]) if last else after
        return Cut(rows[:size], len(rows) > size, cursor)

    def _beyond(self, values: Sequence[Any]) -> Q:
        """Rows past those values. The first condition says what the others imply, so that an index starts there."""
        step = "lt" if self._is_descending else "gt"
        names = self._lookups
        later = Q()
        for position, name in enumerate(names):
            same = dict(zip(names[:position], values, strict=False))
            later |= Q(**same, **{f"{name}__{step}": values[position]})
        return Q(**{f"{names[0]}__{step}e": values[0]}) & later


class Best:
    """An order that is known already, as ids; the cursor is a place in it."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = ids

    def cut(self, queryset: QuerySet[Any], *, after: str | None, size: int) -> Cut:
        start = _decode(after, [number])[0] if after else 0
        ids = self._ids[start : start + size]
        found = queryset.in_bulk(ids)
        rows = [found[each] for each in ids if each in found]
        has_more = len(self._ids) > start + size
        return Cut(rows, has_more, _encode([start + len(ids)]))


def page(
    queryset: QuerySet[Any], *, order: Order | Best, request: Request, render: Render
) -> dict[str, Any]:
    """One page of `queryset` as the API answers it.

    Raises:
        ValidationError: `page[size]` or `page[after]` is unusable.
    """
    cut = order.cut(queryset, after=request.query_params.get(AFTER), size=_size(request))
    return {
        "data": [render(row) for row in cut.rows],
        "meta": {"has_more": cut.has_more, "after_cursor": cut.cursor},
        "links": {"next": _next(request, cut.cursor) if cut.has_more and cut.cursor else None},
    }


def moment(value: Any) -> datetime:
    """A cursor's time. Raises ValueError where it has no zone."""
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def number(value: Any) -> int:
    """A cursor's id. Raises ValueError where no row can have it."""
    if type(value) is not int or not 0 <= value <= BIGGEST_ID:
        raise ValueError("not an id")
    return value


def _size(request: Request) -> int:
    text = request.query_params.get(SIZE, str(SIZE_DEFAULT))
    is_number = text.isascii() and text.isdecimal() and len(text) < 5
    if not is_number or not 1 <= int(text) <= SIZE_MAX:
        raise ValidationError({SIZE: [f"Must be 1 to {SIZE_MAX}."]}, code="invalid")
    return int(text)


def _next(request: Request, cursor: str) -> str:
    query = request.query_params.copy()
    query[AFTER] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode(safe='[]')}")


def _encode(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decode(text: str, readers: Sequence[Callable[[Any], Any]]) -> list[Any]:
    """Raises ValidationError where `_encode` did not write it."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        found = [read(value) for read, value in zip(readers, values, strict=True)]
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        fault = "This is not a cursor that a page before has given."
        raise ValidationError({AFTER: [fault]}, code="invalid") from None
    return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else value.isoformat()
