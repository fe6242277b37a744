"""The addresses of the workspace. All ask for a login but those that say otherwise."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path, re_path

from triage.web import bulk, changes, composer, corrections, drafts, saved_views, ticket
from triage.web.audits import AuditNext
from triage.web.habits import Habits
from triage.web.health import healthz, readyz
from triage.web.login import Login
from triage.web.metrics import metrics
from triage.web.new_ticket import TicketNew
from triage.web.notices import NoticesSeen
from triage.web.pulse import Pulse, QueuePulse, TicketPulse
from triage.web.queue import QueueList, QueueRail

ENTRY = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("login/", Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
PERSON = [
    path("pulse/", Pulse.as_view(), name="pulse"),
    path("notices/seen/", NoticesSeen.as_view(), name="notices-seen"),
    path("habits/", Habits.as_view(), name="habits"),
]
QUEUE = [
    path("", QueueList.as_view(), name="queue"),
    path("queue/rail/", QueueRail.as_view(), name="queue-rail"),
    path("queue/pulse/", QueuePulse.as_view(), name="queue-pulse"),
    path("queue/bulk/preview/", bulk.BulkPreview.as_view(), name="bulk-preview"),
    path("queue/bulk/", bulk.BulkApply.as_view(), name="bulk"),
    path("queue/bulk/<int:bulk_id>/undo/", bulk.BulkUndo.as_view(), name="bulk-undo"),
    path("queue/views/", saved_views.ViewSave.as_view(), name="view-save"),
    path("queue/views/<int:view_id>/delete/", saved_views.ViewDelete.as_view(), name="view-delete"),
]
TICKET = [
    path("", ticket.TicketDetail.as_view(), name="ticket"),
    path("preview/", ticket.TicketPreview.as_view(), name="ticket-preview"),
    path("pulse/", TicketPulse.as_view(), name="ticket-pulse"),
    path("change/", changes.TicketChange.as_view(), name="ticket-change"),
    path("messages/", composer.MessagePost.as_view(), name="ticket-messages"),
    path("triage/", ticket.TriageCard.as_view(), name="triage-card"),
    path("triage/again/", ticket.TriageRerun.as_view(), name="triage-again"),
    path("triage/accept/", corrections.SuggestionAccept.as_view(), name="triage-accept"),
    path("label/", corrections.LabelCorrection.as_view(), name="ticket-label"),
    path("label/reason/", corrections.LabelReason.as_view(), name="ticket-label-reason"),
    path("label/undo/", corrections.LabelUndo.as_view(), name="ticket-label-undo"),
    path("draft/", drafts.DraftPanel.as_view(), name="draft-panel"),
    path("draft/new/", drafts.DraftPropose.as_view(), name="draft-propose"),
    re_path(r"^(?P<part>receipt|activity|similar)/$", ticket.TicketPart.as_view(), name="part"),
]
DRAFT = [
    path("events/", drafts.DraftEvents.as_view(), name="draft-events"),
    re_path(r"^(?P<act>cancel|accept|discard)/$", drafts.DraftAct.as_view(), name="draft-act"),
]

urlpatterns = [
    *ENTRY,
    *PERSON,
    *QUEUE,
    path("tickets/new/", TicketNew.as_view(), name="ticket-new"),
    path("audits/", AuditNext.as_view(), name="audits"),
    path("tickets/<int:ticket_id>/", include(TICKET)),
    path("drafts/<int:draft_id>/", include(DRAFT)),
    path("calls/<int:call_id>/prompt/", ticket.PromptDetail.as_view(), name="prompt"),
]
