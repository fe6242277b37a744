"""The tables. One module per subject; import models from here."""

from triage.models.alerts import Alert, AlertKind
from triage.models.batches import Batch, BatchLine, BatchState
from triage.models.budgets import Budget, Period, Scope, Shedding, Spend
from triage.models.drafts import Draft, DraftState
from triage.models.events import Event, EventKind
from triage.models.idempotency import KeptAnswer
from triage.models.imports import Import
from triage.models.ledger import Attempt, Call, Certainty, Feature, Obtained, StoredReply
from triage.models.routes import FeatureRoute, FeatureRouteHop, Lifecycle, ModelLife
from triage.models.taxonomy import Label, TaxonomyVersion
from triage.models.tickets import Channel, Message, Priority, Requester, Status, Ticket
from triage.models.triage import Decision, Field, FieldDecision, Stage, State, Triage
from triage.models.webhooks import Delivery, DeliveryState, Webhook

__all__ = [
    "Alert",
    "AlertKind",
    "Attempt",
    "Batch",
    "BatchLine",
    "BatchState",
    "Budget",
    "Call",
    "Certainty",
    "Channel",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Draft",
    "DraftState",
    "Event",
    "EventKind",
    "Feature",
    "FeatureRoute",
    "FeatureRouteHop",
    "Field",
    "FieldDecision",
    "Import",
    "KeptAnswer",
    "Label",
    "Lifecycle",
    "Message",
    "ModelLife",
    "Obtained",
    "Period",
    "Priority",
    "Requester",
    "Scope",
    "Shedding",
    "Spend",
    "Stage",
    "State",
    "Status",
    "StoredReply",
    "TaxonomyVersion",
    "Ticket",
    "Triage",
    "Webhook",
]
