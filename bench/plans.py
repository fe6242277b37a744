"""What the database does for a page: the plans of its queries, run and measured, and what is wrong with them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from bench.filters_data import BIG

SORTED_AT_MOST = 10_000
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the queries of one page cost together. `buffers` are 8 kB blocks of tables and indexes, cached or not."""

    buffers: int
    faults: tuple[str, ...]
    plans: tuple[str, ...] = field(repr=False)

    @property
    def of_tickets(self) -> tuple[str, ...]:
        """The faults in how tickets are found: what else a row shows may be read whole while there is little of it."""
        return tuple(fault for fault in self.faults if "triage_ticket" in fault or "sorts" in fault)


def explain(queries: Iterable[str], *, database: BaseDatabaseWrapper) -> Cost:
    """The cost of `queries`, each run once."""
    roots = [_explain(query, database) for query in queries]
    return Cost(
        buffers=sum(_buffers(root) for root in roots),
        faults=tuple(fault for root in roots for fault in _faults(root)),
        plans=tuple("\n".join(_lines(root)) for root in roots),
    )


def _explain(query: str, database: BaseDatabaseWrapper) -> Node:
    with database.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query.replace("%", "%%"), [])
        said = cursor.fetchone()[0]
    found = json.loads(said) if isinstance(said, str) else said
    plan: Node = found[0]["Plan"]
    return plan


def _buffers(node: Node) -> int:
    return int(node["Shared Hit Blocks"]) + int(node["Shared Read Blocks"])


def _faults(node: Node) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG:
        yield f"reads all of {node['Relation Name']}"
    if "Sort" in node["Node Type"]:
        rows = sum(_rows(inner) for inner in node["Plans"][:1])
        if rows > SORTED_AT_MOST:
            yield f"sorts {rows:,} rows"
    for inner in node.get("Plans", []):
        yield from _faults(inner)


def _rows(node: Node) -> int:
    return round(float(node["Actual Rows"]) * int(node["Actual Loops"]))


def _lines(node: Node, depth: int = 0) -> Iterator[str]:
    """The plan for people: a line a node with its rows and blocks, and the conditions beneath."""
    name = " ".join(
        str(node[key]) for key in ("Node Type", "Index Name", "Relation Name") if key in node
    )
    yield f"{'  ' * depth}{name}: {_rows(node):,} rows, {_buffers(node):,} buffers"
    for key in ("Index Cond", "Filter", "Sort Key"):
        if key in node:
            removed = node.get("Rows Removed by Filter", 0) if key == "Filter" else 0
            note = f" (removed {removed * node['Actual Loops']:,.0f})" if removed else ""
            yield f"{'  ' * depth}    {key}: {str(node[key])[:200]}{note}"
    for inner in node.get("Plans", []):
        yield from _lines(inner, depth + 1)
