"""Tables of figures, as values: a page shows them, a CSV file and the API carry the very same rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from triage.models import Feature
from triage.selectors.periods import Period


class Kind(StrEnum):
    """What a column's values are; None stands for "there is none" in all of them."""

    TEXT = "text"
    FEATURE = "feature"  # Feature's value
    MODEL = "model"  # a model's id
    COUNT = "count"  # int
    MONEY = "money"  # int, nano-dollars; the API and CSV say dollars
    SHARE = "share"  # float, 0 to 1
    MILLISECONDS = "milliseconds"  # int
    NUMBER = "number"  # float
    DAY = "day"  # date, UTC
    MOMENT = "moment"  # aware datetime


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is the key in the API and the head in CSV; `title` the head on a page, `about` its explanation there."""

    name: str
    title: str
    kind: Kind = Kind.TEXT
    about: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a row leads to: a page's name in the URLs, its arguments, and its query."""

    page: str
    args: tuple[Any, ...] = ()
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of raw values in the order of the columns. `total` is a row too, where totals make sense.

    `abouts` has an entry for each row, or is empty. `note` says in a sentence how to read it. `empty` is said instead of no rows.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: tuple[Any, ...] | None = None
    abouts: tuple[About | None, ...] = ()
    note: str = ""
    empty: str = "There is nothing in this time."


@dataclass(frozen=True, slots=True)
class Asked:
    """What figures are asked for. `team_id` 0 is "no team"; None of a filter is all."""

    period: Period
    feature: Feature | None = None
    model: str | None = None
    team_id: int | None = None


class Filter(StrEnum):
    FEATURE = "feature"
    MODEL = "model"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Report:
    """One table that can be asked for by name. `filters` are those it heeds beside the days; it ignores the others.

    `build` reads rollups, or a bounded number of rows: never a large table as a whole.
    """

    name: str
    title: str
    about: str
    build: Callable[[Asked], Table]
    filters: frozenset[Filter] = field(default=frozenset())
