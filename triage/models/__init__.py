"""The tables. One module per subject; import models from here."""

from triage.models.imports import Import
from triage.models.ledger import Attempt, Call, Certainty, Feature, Obtained, StoredReply
from triage.models.taxonomy import Label, TaxonomyVersion
from triage.models.tickets import Channel, Message, Priority, Requester, Status, Ticket
from triage.models.triage import Decision, Field, FieldDecision, Stage, State, Triage

__all__ = [
    "Attempt",
    "Call",
    "Certainty",
    "Channel",
    "Decision",
    "Feature",
    "Field",
    "FieldDecision",
    "Import",
    "Label",
    "Message",
    "Obtained",
    "Priority",
    "Requester",
    "Stage",
    "State",
    "Status",
    "StoredReply",
    "TaxonomyVersion",
    "Ticket",
    "Triage",
]
