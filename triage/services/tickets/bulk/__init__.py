"""One change of many tickets at once: looked at before it is made, and taken back as one.

Each ticket is changed by the rules of a single change, all of them in one transaction or none.
"""

from triage.services.tickets.bulk.asking import BULK_AT_MOST, Action, Selection
from triage.services.tickets.bulk.changing import change_in_bulk
from triage.services.tickets.bulk.previewing import BulkLine, BulkPreview, preview_bulk
from triage.services.tickets.bulk.undoing import UndoneBulk, undo_bulk

__all__ = [
    "BULK_AT_MOST",
    "Action",
    "BulkLine",
    "BulkPreview",
    "Selection",
    "UndoneBulk",
    "change_in_bulk",
    "preview_bulk",
    "undo_bulk",
]
