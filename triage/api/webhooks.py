"""Webhooks and their deliveries, for whoever manages them by a program. A secret is answered once, where it is made."""

from http import HTTPStatus
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.tokens import Scope
from triage.api import docs, filters
from triage.api.base import Body, Endpoint
from triage.api.idempotency import idempotent
from triage.api.paging import Order, number, page
from triage.api.schemas import Shape, page_of
from triage.models import Delivery, DeliveryState, EventKind, Webhook
from triage.selectors import webhooks as selectors
from triage.selectors.webhooks import delivery_object, webhook_object, whole_delivery_object
from triage.services import webhooks
from triage.services.webhooks import KINDS, Changes

NEWEST_FIRST = Order({"id": number}, is_descending=True)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="  # noqa: S105 - an example
WEBHOOK: docs.Json = {
    "id": 2,
    "url": "https://shop.example.com/triage",
    "description": "Shop back end",
    "kinds": ["ticket.triaged", "draft.sent"],
    "active": True,
    "disabled_reason": None,
    "failing_since": None,
    "last_delivered_at": "2026-11-21T09:30:02.114000Z",
    "last_failed_at": None,
    "old_secret_until": None,
    "by_id": 7,
    "created_at": "2026-11-20T08:00:00.000000Z",
    "updated_at": "2026-11-20T08:00:00.000000Z",
}
DELIVERY: docs.Json = {
    "id": 61,
    "webhook_id": 2,
    "message_id": "msg_7c0d3e2b9a5f4e61b8d2f0a1c3e5d7b9",
    "type": "ticket.triaged",
    "ticket_id": 42,
    "state": "delivered",
    "tries": 1,
    "log": [
        {
            "at": "2026-11-21T09:30:02.114+00:00",
            "status": 204,
            "error": "",
            "response": "",
            "milliseconds": 88,
        }
    ],
    "due_at": None,
    "created_at": "2026-11-21T09:30:01.900000Z",
    "finished_at": "2026-11-21T09:30:02.210000Z",
}
PAYLOAD: docs.Json = {
    "type": "ticket.triaged",
    "timestamp": "2026-11-21T09:30:01.220000Z",
    "data": {"by_id": None, "ticket": docs.TICKET},
}
TAGS = ["webhooks"]


class WebhookIn(Body):
    url = serializers.CharField(
        max_length=500, help_text="`https://`, and not inside a private network."
    )
    kinds = serializers.ListField(
        child=serializers.ChoiceField([(kind.value, kind.label) for kind in KINDS]),
        min_length=1,
        max_length=len(KINDS),
        help_text="The events it is told.",
    )
    description = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default=""
    )


class WebhookChangeIn(Body):
    """What to change; what is left out stays."""

    url = serializers.CharField(max_length=500, required=False)
    kinds = serializers.ListField(
        child=serializers.ChoiceField([(kind.value, kind.label) for kind in KINDS]),
        min_length=1,
        max_length=len(KINDS),
        required=False,
    )
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    active = serializers.BooleanField(
        required=False, help_text="Switched off, it gives up what waits."
    )


class WebhookShape(Shape[Any]):
    id = serializers.IntegerField()
    url = serializers.CharField()
    description = serializers.CharField(allow_null=True)
    kinds = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField()
    disabled_reason = serializers.CharField(allow_null=True)
    failing_since = serializers.DateTimeField(
        allow_null=True, help_text="The first failure after the last success."
    )
    last_delivered_at = serializers.DateTimeField(allow_null=True)
    last_failed_at = serializers.DateTimeField(allow_null=True)
    old_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then the secret before the last rotation signs too."
    )
    by_id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class WebhookSecretShape(WebhookShape):
    secret = serializers.CharField(help_text="Shown this once.")


class TryShape(Shape[Any]):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="Null where no answer came.")
    error = serializers.CharField(allow_blank=True)
    response = serializers.CharField(allow_blank=True, help_text="The answer's beginning.")
    milliseconds = serializers.IntegerField()


class DeliveryShape(Shape[Any]):
    id = serializers.IntegerField()
    webhook_id = serializers.IntegerField()
    message_id = serializers.CharField(help_text="The header `webhook-id` of every try.")
    type = serializers.ChoiceField(EventKind.choices)
    ticket_id = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(DeliveryState.choices)
    tries = serializers.IntegerField(help_text="Of the current round of 24 hours.")
    log = TryShape(many=True, help_text="The last 50 tries, the oldest first.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="The next try.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class WholeDeliveryShape(DeliveryShape):
    payload = serializers.DictField(child=serializers.JSONField(), help_text="What is sent.")


class WebhookListApi(Endpoint):
    scopes = {"get": Scope.ADMIN, "post": Scope.ADMIN}

    @extend_schema(
        operation_id="list_webhooks",
        summary="List webhooks",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(WebhookShape)}),
        examples=[docs.example(docs.page(WEBHOOK))],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request)
        order = Order({"id": number})
        found = Webhook.objects.all()
        return Response(page(found, order=order, request=request, render=webhook_object))

    @extend_schema(
        operation_id="create_webhook",
        summary="Add a webhook",
        description="It is told of events from now on, signed by the Standard Webhooks scheme with the secret in the answer. "
        "Answer with any 2xx within ten seconds; 408, 409, 425, 429, 5xx and silence are tried again for 24 hours.",
        request=WebhookIn,
        responses=docs.answers({201: WebhookSecretShape}),
        examples=[
            docs.body({"url": WEBHOOK["url"], "kinds": WEBHOOK["kinds"]}),
            docs.example({**WEBHOOK, "secret": SECRET}, status=201),
        ],
        parameters=[docs.IDEMPOTENCY],
        tags=TAGS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        webhook, secret = webhooks.create(**self.valid(WebhookIn), by=self.by)
        headers = {"Location": reverse("api:webhook", args=[webhook.pk])}
        shown = {**webhook_object(webhook), "secret": secret}
        return Response(shown, status=HTTPStatus.CREATED, headers=headers)


class WebhookDetailApi(Endpoint):
    scopes = {"get": Scope.ADMIN, "patch": Scope.ADMIN, "delete": Scope.ADMIN}

    @extend_schema(
        operation_id="get_webhook",
        summary="Read a webhook",
        responses=docs.answers({200: WebhookShape}),
        examples=[docs.example(WEBHOOK)],
        tags=TAGS,
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        return Response(webhook_object(Webhook.objects.get(pk=webhook_id)))

    @extend_schema(
        operation_id="change_webhook",
        summary="Change a webhook, or switch it on or off",
        request=WebhookChangeIn,
        responses=docs.answers({200: WebhookShape}),
        examples=[docs.body({"active": True}), docs.example(WEBHOOK)],
        tags=TAGS,
    )
    def patch(self, request: Request, webhook_id: int) -> Response:
        given = self.valid(WebhookChangeIn)
        changes = Changes(is_active=given.pop("active", None), **given)
        return Response(webhook_object(webhooks.change(webhook_id, changes, by=self.by)))

    @extend_schema(
        operation_id="delete_webhook",
        summary="Delete a webhook and its log",
        responses={**docs.answers({}), 204: OpenApiResponse(description="It is gone.")},
        tags=TAGS,
    )
    def delete(self, request: Request, webhook_id: int) -> Response:
        webhooks.delete(webhook_id, by=self.by)
        return Response(status=HTTPStatus.NO_CONTENT)


class WebhookRotateApi(Endpoint):
    scopes = {"post": Scope.ADMIN}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Rotate a webhook's secret",
        description="For 24 hours each request carries two signatures, by the new secret and by the one before.",
        request=Body,
        responses=docs.answers({200: WebhookSecretShape}),
        examples=[docs.example({**WEBHOOK, "secret": SECRET})],
        parameters=[docs.IDEMPOTENCY],
        tags=TAGS,
    )
    @idempotent
    def post(self, request: Request, webhook_id: int) -> Response:
        self.valid(Body)
        webhook, secret = webhooks.rotate_secret(webhook_id, by=self.by)
        return Response({**webhook_object(webhook), "secret": secret})


class WebhookTestApi(Endpoint):
    scopes = {"post": Scope.ADMIN}

    @extend_schema(
        operation_id="test_webhook",
        summary="Send a test",
        description="An event `webhook.test`, sent soon and tried once, also where the webhook is switched off. "
        "Its delivery says what came of it.",
        request=Body,
        responses=docs.answers({202: DeliveryShape}),
        examples=[
            docs.example({**DELIVERY, "type": "webhook.test", "ticket_id": None}, status=202)
        ],
        parameters=[docs.IDEMPOTENCY],
        tags=TAGS,
    )
    @idempotent
    def post(self, request: Request, webhook_id: int) -> Response:
        self.valid(Body)
        return _accepted(webhooks.send_test(webhook_id, by=self.by))


class DeliveryListApi(Endpoint):
    scopes = {"get": Scope.ADMIN}

    @extend_schema(
        operation_id="list_deliveries",
        summary="List a webhook's deliveries",
        description="The newest first; they are kept for 30 days.",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(DeliveryShape)}),
        examples=[docs.example(docs.page(DELIVERY))],
        tags=TAGS,
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        filters.check_known(request)
        webhook = Webhook.objects.only("pk").get(pk=webhook_id)
        found = selectors.deliveries().filter(webhook=webhook)
        return Response(page(found, order=NEWEST_FIRST, request=request, render=delivery_object))


class DeliveryDetailApi(Endpoint):
    scopes = {"get": Scope.ADMIN}

    @extend_schema(
        operation_id="get_delivery",
        summary="Read a delivery, with what is sent",
        responses=docs.answers({200: WholeDeliveryShape}),
        examples=[docs.example({**DELIVERY, "payload": PAYLOAD})],
        tags=TAGS,
    )
    def get(self, request: Request, delivery_id: int) -> Response:
        delivery = Delivery.objects.select_related("event").get(pk=delivery_id)
        return Response(whole_delivery_object(delivery))


class DeliveryRedeliverApi(Endpoint):
    scopes = {"post": Scope.ADMIN}

    @extend_schema(
        operation_id="redeliver",
        summary="Send a delivery once more",
        description="The same bytes under the same id, for a new round of 24 hours. A 409 where the webhook is switched off.",
        request=Body,
        responses=docs.answers({202: DeliveryShape}),
        examples=[docs.example({**DELIVERY, "state": "pending", "tries": 0}, status=202)],
        parameters=[docs.IDEMPOTENCY],
        tags=TAGS,
    )
    @idempotent
    def post(self, request: Request, delivery_id: int) -> Response:
        self.valid(Body)
        return _accepted(webhooks.redeliver(delivery_id, by=self.by))


def _accepted(delivery: Delivery) -> Response:
    headers = {"Location": reverse("api:delivery", args=[delivery.pk])}
    return Response(delivery_object(delivery), status=HTTPStatus.ACCEPTED, headers=headers)
