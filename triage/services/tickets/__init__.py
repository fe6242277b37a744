"""What people and integrations do to a ticket. Their values win: triage leaves a field alone that a person has set."""

from triage.services.tickets.changing import Changes, change
from triage.services.tickets.corrections import Correction, correct_label, undo_correction
from triage.services.tickets.messages import add_message

__all__ = [
    "Changes",
    "Correction",
    "add_message",
    "change",
    "correct_label",
    "undo_correction",
]
