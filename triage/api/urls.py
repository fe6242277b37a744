"""The addresses of the API. All ask for a token but the schema and its page."""

from typing import Any

from django.http import Http404
from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from triage.api import openapi  # noqa: F401 - registers how to log in
from triage.api.base import Endpoint
from triage.api.drafts import (
    DraftAcceptApi,
    DraftCancelApi,
    DraftDetailApi,
    DraftDiscardApi,
    DraftEventsApi,
    DraftListApi,
    DraftSendApi,
)
from triage.api.evaluations import (
    EvaluationCancelApi,
    EvaluationDetailApi,
    EvaluationListApi,
    EvaluationResumeApi,
    EvaluationStartApi,
    EvaluationTicketListApi,
)
from triage.api.imports import ImportDetailApi, ImportListApi
from triage.api.labels import LabelDetailApi, LabelListApi, TaxonomyVersionListApi
from triage.api.messages import MessageListApi
from triage.api.pages import docs_page
from triage.api.reports import ReportDetailApi, ReportListApi
from triage.api.tickets import TicketBulkApi, TicketDetailApi, TicketListApi
from triage.api.triage import TriageApi
from triage.api.usage import QuotaApi, UsageApi
from triage.api.webhooks import (
    DeliveryDetailApi,
    DeliveryListApi,
    DeliveryRedeliverApi,
    WebhookDetailApi,
    WebhookListApi,
    WebhookRotateApi,
    WebhookTestApi,
)
from triage.selectors.cursor import BIGGEST_ID

app_name = "api"


class IdConverter(IntConverter):
    """A row's id; a number that none can have leads nowhere."""

    def to_python(self, value: str) -> int:
        number = int(value) if len(value) < 20 else BIGGEST_ID + 1
        if number > BIGGEST_ID:
            raise ValueError("not an id")
        return number


register_converter(IdConverter, "id")


class NowhereApi(Endpoint):
    """Every address below /api/ that is not there: a 404 in the shape of all errors."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404


urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs_page, name="docs"),
    path("v1/tickets", TicketListApi.as_view(), name="tickets"),
    path("v1/tickets/bulk", TicketBulkApi.as_view(), name="tickets-bulk"),
    path("v1/tickets/<id:ticket_id>", TicketDetailApi.as_view(), name="ticket"),
    path("v1/tickets/<id:ticket_id>/messages", MessageListApi.as_view(), name="messages"),
    path("v1/tickets/<id:ticket_id>/triage", TriageApi.as_view(), name="triage"),
    path("v1/tickets/<id:ticket_id>/drafts", DraftListApi.as_view(), name="drafts"),
    path("v1/drafts/<id:draft_id>", DraftDetailApi.as_view(), name="draft"),
    path("v1/drafts/<id:draft_id>/events", DraftEventsApi.as_view(), name="draft-events"),
    path("v1/drafts/<id:draft_id>/cancel", DraftCancelApi.as_view(), name="draft-cancel"),
    path("v1/drafts/<id:draft_id>/accept", DraftAcceptApi.as_view(), name="draft-accept"),
    path("v1/drafts/<id:draft_id>/discard", DraftDiscardApi.as_view(), name="draft-discard"),
    path("v1/drafts/<id:draft_id>/send", DraftSendApi.as_view(), name="draft-send"),
    path("v1/webhooks", WebhookListApi.as_view(), name="webhooks"),
    path("v1/webhooks/<id:webhook_id>", WebhookDetailApi.as_view(), name="webhook"),
    path(
        "v1/webhooks/<id:webhook_id>/rotate_secret",
        WebhookRotateApi.as_view(),
        name="webhook-rotate",
    ),
    path("v1/webhooks/<id:webhook_id>/test", WebhookTestApi.as_view(), name="webhook-test"),
    path("v1/webhooks/<id:webhook_id>/deliveries", DeliveryListApi.as_view(), name="deliveries"),
    path("v1/deliveries/<id:delivery_id>", DeliveryDetailApi.as_view(), name="delivery"),
    path(
        "v1/deliveries/<id:delivery_id>/redeliver",
        DeliveryRedeliverApi.as_view(),
        name="delivery-redeliver",
    ),
    path("v1/labels", LabelListApi.as_view(), name="labels"),
    path("v1/labels/<path:slug>", LabelDetailApi.as_view(), name="label"),
    path("v1/taxonomy_versions", TaxonomyVersionListApi.as_view(), name="taxonomy-versions"),
    path("v1/imports", ImportListApi.as_view(), name="imports"),
    path("v1/imports/<id:import_id>", ImportDetailApi.as_view(), name="import"),
    path("v1/evaluations", EvaluationListApi.as_view(), name="evaluations"),
    path("v1/evaluations/<id:evaluation_id>", EvaluationDetailApi.as_view(), name="evaluation"),
    path(
        "v1/evaluations/<id:evaluation_id>/start",
        EvaluationStartApi.as_view(),
        name="evaluation-start",
    ),
    path(
        "v1/evaluations/<id:evaluation_id>/cancel",
        EvaluationCancelApi.as_view(),
        name="evaluation-cancel",
    ),
    path(
        "v1/evaluations/<id:evaluation_id>/resume",
        EvaluationResumeApi.as_view(),
        name="evaluation-resume",
    ),
    path(
        "v1/evaluations/<id:evaluation_id>/tickets",
        EvaluationTicketListApi.as_view(),
        name="evaluation-tickets",
    ),
    path("v1/usage", UsageApi.as_view(), name="usage"),
    path("v1/quota", QuotaApi.as_view(), name="quota"),
    path("v1/reports", ReportListApi.as_view(), name="reports"),
    path("v1/reports/<slug:name>", ReportDetailApi.as_view(), name="report"),
    re_path("", NowhereApi.as_view(), name="nowhere"),
]
