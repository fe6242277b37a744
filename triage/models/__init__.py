"""The tables. One module per subject; import models from here."""

from triage.models.alerts import Alert, AlertKind, AlertRule
from triage.models.batches import Batch, BatchLine, BatchState
from triage.models.budgets import Budget, Period, Scope, Shedding, Spend
from triage.models.drafts import Draft, DraftState, Tone
from triage.models.evaluations import (
    AnswerState,
    Evaluation,
    EvaluationAnswer,
    EvaluationSource,
    EvaluationState,
    EvaluationTicket,
    Part,
)
from triage.models.events import Event, EventKind
from triage.models.experiments import Experiment, ExperimentState, Variant
from triage.models.idempotency import KeptAnswer
from triage.models.imports import Import
from triage.models.knowledge import Article, ArticleKind
from triage.models.learning import Audit, Automation, Calibrator, LocalModel, LocalModelState
from triage.models.ledger import Attempt, Call, Certainty, Feature, Obtained, StoredReply
from triage.models.masking import MaskingPattern
from triage.models.prompts import Prompt, PromptGuide
from triage.models.reconciliations import Reconciliation
from triage.models.rollups import (
    AttemptCell,
    CacheMiss,
    CallCell,
    ConfusionCell,
    DraftCell,
    Grain,
    LatencyCell,
    Measure,
    Noted,
    RollupNote,
    RollupState,
    Subject,
    Tally,
    TicketCell,
    TicketDay,
    TriageCell,
)
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
    "AlertRule",
    "AnswerState",
    "Article",
    "ArticleKind",
    "Attempt",
    "AttemptCell",
    "Audit",
    "Automation",
    "Batch",
    "BatchLine",
    "BatchState",
    "Budget",
    "BulkChange",
    "CacheMiss",
    "Calibrator",
    "Call",
    "CallCell",
    "Certainty",
    "Channel",
    "ConfusionCell",
    "CorrectionReason",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Draft",
    "DraftCell",
    "DraftState",
    "Evaluation",
    "EvaluationAnswer",
    "EvaluationSource",
    "EvaluationState",
    "EvaluationTicket",
    "Event",
    "EventKind",
    "Experiment",
    "ExperimentState",
    "Feature",
    "FeatureRoute",
    "FeatureRouteHop",
    "Field",
    "FieldDecision",
    "Grain",
    "Import",
    "KeptAnswer",
    "Label",
    "LatencyCell",
    "Lifecycle",
    "LocalModel",
    "LocalModelState",
    "MaskingPattern",
    "Measure",
    "Message",
    "ModelLife",
    "Noted",
    "Obtained",
    "Part",
    "Period",
    "Priority",
    "Prompt",
    "PromptGuide",
    "Reconciliation",
    "Requester",
    "RollupNote",
    "RollupState",
    "SavedView",
    "Scope",
    "Sharing",
    "Shedding",
    "Spend",
    "Stage",
    "State",
    "Status",
    "StoredReply",
    "Subject",
    "Tally",
    "TaxonomyVersion",
    "Ticket",
    "TicketCell",
    "TicketDay",
    "TicketTag",
    "Tone",
    "Triage",
    "TriageCell",
    "Variant",
    "Webhook",
]
