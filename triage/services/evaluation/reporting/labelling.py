"""How well each label is known."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from triage.services.evaluation.reporting.blocks import Cell, Head, Section, Table
from triage.services.evaluation.reporting.formats import NOTHING, interval, percent, value_of

Json = Mapping[str, Any]
NOTE = (
    "Of all tickets. Recall: of the tickets with this label, those that got it. Precision: of those that got it, those that have"
    " it. First model: of the tickets with this label, those that it knew before any escalation."
)


def labels_section(told: Json, *, address: str) -> Section:
    heads = (
        Head("Label"),
        Head("Tickets", True),
        Head("Recall", True),
        Head("95 %", True),
        Head("Precision", True),
        Head("95 %", True),
        Head("F1", True),
        Head("First model", True),
        Head("Group"),
    )
    rows = tuple(_row(each, address) for each in told["labels"])
    table = Table("Labels", heads, rows, note=NOTE, empty="There are no labels.")
    return Section(f"labels-{told['name']}", "Label by label", (table,))


def _row(label: Json, address: str) -> tuple[Cell, ...]:
    return (
        Cell(label["name"], address=_address(address, truth=label["label"])),
        Cell(f"{label['tickets']:,}", True),
        *_share(label["recall"]),
        *_share(label["precision"]),
        Cell(f"{label['f1']:.2f}" if label["tickets"] or label["chosen"] else NOTHING, True),
        Cell(percent(value_of(label["first"])), True),
        Cell("always escalated" if label["is_always_escalated"] else label["group"]),
    )


def _share(told: Json) -> tuple[Cell, Cell]:
    return Cell(percent(value_of(told)), True), Cell(interval(told), True, kind="pages-quiet")


def _address(address: str, *, truth: str) -> str:
    return f"{address}&{urlencode({'truth': truth})}" if address else ""
