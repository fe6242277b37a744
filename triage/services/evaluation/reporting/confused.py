"""Which labels are taken for which: the matrix, and where there are many labels the most frequent confusions first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from triage.services.evaluation.reporting.blocks import Block, Cell, Head, Note, Section, Table
from triage.services.evaluation.reporting.formats import percent

Json = Mapping[str, Any]
MATRIX_AT_MOST = 15  # labels: a wider matrix cannot be read
CONFUSIONS_AT_MOST = 20
NUMBERS_AT_MOST = 5
NOBODY = "no usable answer"
SHADES = 4


def confusion_section(told: Json, *, address: str) -> Section:
    cells: Sequence[Json] = told["confusion"]
    names = {each["label"]: each["name"] for each in told["labels"]} | {"": NOBODY}
    wrong = [cell for cell in cells if cell["truth"] != cell["chosen"]]
    blocks: list[Block] = [_matrix(cells, wrong, names, address)]
    if wrong:
        blocks.append(_confusions(wrong, cells, names, address))
    else:
        blocks.append(Note("No label was taken for another.", "quiet"))
    return Section(f"confusion-{told['name']}", "Labels taken for others", tuple(blocks))


def _confusions(
    wrong: Sequence[Json], cells: Sequence[Json], names: Mapping[str, str], address: str
) -> Table:
    known: Counter[str] = Counter()
    for cell in cells:
        known[cell["truth"]] += cell["tickets"]
    rows = tuple(
        (
            Cell(names[cell["truth"]], address=_address(address, cell)),
            Cell(names[cell["chosen"]]),
            Cell(f"{cell['tickets']:,}", True),
            Cell(percent(cell["tickets"] / known[cell["truth"]]), True),
            Cell(_numbers(cell)),
        )
        for cell in wrong[:CONFUSIONS_AT_MOST]
    )
    heads = (
        Head("Known label"),
        Head("Taken for"),
        Head("Tickets", True),
        Head("Of the label", True),
        Head("Numbers of the tickets"),
    )
    left = len(wrong) - len(rows)
    note = f"{left:,} rarer ones are not shown." if left else ""
    return Table("Confusions", heads, rows, note=note)


def _numbers(cell: Json) -> str:
    shown = ", ".join(map(str, cell["numbers"][:NUMBERS_AT_MOST]))
    return f"{shown}, …" if cell["tickets"] > NUMBERS_AT_MOST else shown


def _matrix(
    cells: Sequence[Json], wrong: Sequence[Json], names: Mapping[str, str], address: str
) -> Table:
    """A row a known label, a column a chosen one; of many labels those that are confused most."""
    chosen = _most_confused(cells, wrong)
    found = {(cell["truth"], cell["chosen"]): cell for cell in cells}
    whole = Counter(dict.fromkeys(chosen, 0))
    for cell in cells:
        whole[cell["truth"]] += cell["tickets"]
    columns = (*chosen, "") if any(cell["chosen"] == "" for cell in wrong) else tuple(chosen)
    rows = tuple(
        (
            Cell(names[truth]),
            *(_cell(found.get((truth, label)), whole[truth], address) for label in columns),
        )
        for truth in chosen
    )
    heads = (Head("Known, and chosen →"), *(Head(names[label], True) for label in columns))
    seen = {label for cell in cells for label in (cell["truth"], cell["chosen"])} - {""}
    note = "The stronger the colour, the larger the share of the known label. On the diagonal what is right."
    if len(seen) > len(chosen):
        note = f"The {len(chosen)} labels of {len(seen)} that are confused most. {note}"
    return Table("Matrix of labels", heads, rows, note, "No ticket was counted.", "results-matrix")


def _most_confused(cells: Sequence[Json], wrong: Sequence[Json]) -> list[str]:
    tickets: Counter[str] = Counter()
    for cell in cells:
        for label in {cell["truth"], cell["chosen"]} - {""}:
            tickets[label] += 0
    for cell in wrong:
        for label in {cell["truth"], cell["chosen"]} - {""}:
            tickets[label] += cell["tickets"]
    most = sorted(tickets.items(), key=lambda each: (-each[1], each[0]))[:MATRIX_AT_MOST]
    return sorted(label for label, _ in most)


def _cell(cell: Json | None, whole: int, address: str) -> Cell:
    if cell is None:
        return Cell("", True)
    shade = min(int(cell["tickets"] / whole * SHADES) + 1, SHADES)
    kind = "right" if cell["truth"] == cell["chosen"] else "wrong"
    shown = f"{cell['tickets']:,}"
    return Cell(shown, True, _address(address, cell), f"results-{kind}-{shade}")


def _address(address: str, cell: Json) -> str:
    query = urlencode({"truth": cell["truth"], "chosen": cell["chosen"]})
    return f"{address}&{query}" if address else ""
