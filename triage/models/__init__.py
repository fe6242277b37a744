"""The tables. One module per subject; import models from here."""

from triage.models.alerts import Alert, AlertKind
from triage.models.batches import Batch, BatchLine, BatchState
from triage.models.budgets import Budget, Period, Scope, Shedding, Spend
from triage.models.drafts import Draft, DraftState, Tone
from triage.models.events import Event, EventKind
from triage.models.idempotency import KeptAnswer
from triage.models.imports import Import
from triage.models.knowledge import Article, ArticleKind
from triage.models.ledger import Attempt, Call, Certainty, Feature, Obtained, StoredReply
from triage.models.masking import MaskingPattern
from triage.models.prompts import Prompt, PromptGuide
from triage.models.routes import FeatureRoute, FeatureRouteHop, Lifecycle, ModelLife
from triage.models.taxonomy import Label, TaxonomyVersion
from triage.models.tickets import Channel, Message, Priority, Requester, Status, Ticket, TicketTag
from triage.models.triage import (
    CorrectionReason,
    Decision,
    Field,
    FieldDecision,
    Stage,
    State,
    Triage,
)
from triage.models.webhooks import Delivery, DeliveryState, Webhook
from triage.models.workspace import BulkChange, SavedView, Sharing

__all__ = [
    "Alert",
    "AlertKind",
    "Article",
    "ArticleKind",
    "Attempt",
    "Batch",
    "BatchLine",
    "BatchState",
    "Budget",
    "BulkChange",
    "Call",
    "Certainty",
    "Channel",
    "CorrectionReason",
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
    "MaskingPattern",
    "Message",
    "ModelLife",
    "Obtained",
    "Period",
    "Priority",
    "Prompt",
    "PromptGuide",
    "Requester",
    "SavedView",
    "Scope",
    "Sharing",
    "Shedding",
    "Spend",
    "Stage",
    "State",
    "Status",
    "StoredReply",
    "TaxonomyVersion",
    "Ticket",
    "TicketTag",
    "Tone",
    "Triage",
    "Webhook",
]
