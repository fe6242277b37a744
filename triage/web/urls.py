"""The addresses of the workspace. All ask for a login but those that say otherwise."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from triage.web.corrections import LabelCorrection, LabelUndo
from triage.web.health import healthz, readyz
from triage.web.login import Login
from triage.web.metrics import metrics
from triage.web.queue import QueueList, QueueRail
from triage.web.ticket import TicketDetail, TriageCard, TriageRerun

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("login/", Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", QueueList.as_view(), name="queue"),
    path("queue/<slug:view>/rail/", QueueRail.as_view(), name="queue-rail"),
    path("tickets/<int:ticket_id>/", TicketDetail.as_view(), name="ticket"),
    path("tickets/<int:ticket_id>/triage/", TriageCard.as_view(), name="triage-card"),
    path("tickets/<int:ticket_id>/triage/again/", TriageRerun.as_view(), name="triage-again"),
    path("tickets/<int:ticket_id>/label/", LabelCorrection.as_view(), name="ticket-label"),
    path("tickets/<int:ticket_id>/label/undo/", LabelUndo.as_view(), name="ticket-label-undo"),
]
