"""A table's values as people read them on a page, and as programs read them in CSV and JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from triage.admin.formats import NOTHING, count, dollars, milliseconds
from triage.models import Feature
from triage.selectors.tables import About, Column, Kind, Report, Table
from triage.services.gateway.catalog import name_of

NUMBERS = frozenset({Kind.COUNT, Kind.MONEY, Kind.SHARE, Kind.MILLISECONDS, Kind.NUMBER})
WORDS_OF_TEXT = frozenset({Kind.FEATURE, Kind.MODEL})


@dataclass(frozen=True, slots=True)
class Head:
    title: str
    about: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    is_number: bool
    address: str = ""


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A report's table, ready for `admin/dashboards/table.html`."""

    report: Report
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]
    note: str
    empty: str


def shown(report: Report, table: Table) -> ShownTable:
    abouts = table.abouts or (None,) * len(table.rows)
    return ShownTable(
        report=report,
        heads=tuple(Head(c.title, c.about, c.kind in NUMBERS) for c in table.columns),
        rows=tuple(
            tuple(_cells(table.columns, row, about))
            for row, about in zip(table.rows, abouts, strict=True)
        ),
        total=tuple(_cells(table.columns, table.total, None, nothing="")) if table.total else (),
        note=table.note,
        empty=table.empty,
    )


def address_of(about: About) -> str:
    address = reverse(about.page, args=about.args)
    return f"{address}?{urlencode(about.query)}" if about.query else address


def text_of(value: Any, kind: Kind, *, nothing: str = NOTHING) -> str:
    """For people: `$0.0142`, `1,234`, `98.2 %`, `21 Nov 2026`."""
    if value is None:
        return nothing
    is_word = isinstance(value, str) and kind not in WORDS_OF_TEXT  # such as "All" in a total
    return (value if is_word else WORDS[kind](value)) or nothing


def _feature(value: str) -> str:
    return Feature(value).label if value in Feature.values else value


def _money(nanousd: int) -> str:
    return f"-{dollars(-nanousd)}" if nanousd < 0 else dollars(nanousd)


WORDS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TEXT: str,
    Kind.FEATURE: _feature,
    Kind.MODEL: name_of,
    Kind.COUNT: count,
    Kind.MONEY: _money,
    Kind.SHARE: lambda share: f"{100 * share:.1f} %",
    Kind.MILLISECONDS: milliseconds,
    Kind.NUMBER: lambda number: f"{number:,.2f}",
    Kind.DAY: lambda day: f"{day:%-d %b %Y}",
    Kind.MOMENT: lambda moment: f"{moment.astimezone(UTC):%-d %b %Y, %H:%M}",
}


def _cells(
    columns: tuple[Column, ...],
    row: tuple[Any, ...],
    about: About | None,
    *,
    nothing: str = NOTHING,
) -> Iterator[Cell]:
    """The first cell of a row leads to what the row is about."""
    address = address_of(about) if about else ""
    for column, value in zip(columns, row, strict=True):
        yield Cell(text_of(value, column.kind, nothing=nothing), column.kind in NUMBERS, address)
        address = ""


def iso(value: date | datetime) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat()
