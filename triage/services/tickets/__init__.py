"""What people and integrations do to a ticket. Their values win: triage leaves a field alone that a person has set."""

from triage.services.tickets.bulk import (
    BULK_AT_MOST,
    Action,
    BulkLine,
    BulkPreview,
    Selection,
    UndoneBulk,
    change_in_bulk,
    preview_bulk,
    undo_bulk,
)
from triage.services.tickets.changing import Changes, change
from triage.services.tickets.corrections import (
    Correction,
    accept,
    correct_label,
    note_reason,
    undo_correction,
)
from triage.services.tickets.mailing import mail, send_due
from triage.services.tickets.messages import add_message

__all__ = [
    "BULK_AT_MOST",
    "Action",
    "BulkLine",
    "BulkPreview",
    "Changes",
    "Correction",
    "Selection",
    "UndoneBulk",
    "accept",
    "add_message",
    "change",
    "change_in_bulk",
    "correct_label",
    "mail",
    "note_reason",
    "preview_bulk",
    "send_due",
    "undo_bulk",
    "undo_correction",
]
