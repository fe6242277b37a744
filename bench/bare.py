"""A bare create: what a ticket costs where nothing is done but storing it. Measured beside the product's by `bench.create`.

The same settings, middleware, token, table, indexes and fields, by the framework's own ModelSerializer and CreateAPIView.
"""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()

from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.generics import CreateAPIView  # noqa: E402
from rest_framework.serializers import BaseSerializer, ModelSerializer  # noqa: E402

import config.urls  # noqa: E402
from triage.api.auth import TokenAuthentication  # noqa: E402
from triage.models import Ticket  # noqa: E402

GIVEN = (
    "subject",
    "description",
    "requester",
    "priority",
    "tags",
    "channel",
    "source",
    "external_id",
    "custom_fields",
)
SHOWN = (
    "id",
    "status",
    "label",
    "team",
    "assignee",
    "language",
    "sentiment",
    "needs_review",
    "version",
    "triage",
    "created_at",
    "updated_at",
    "solved_at",
)


class TicketSerializer(ModelSerializer[Ticket]):
    class Meta:
        model = Ticket
        fields = GIVEN + SHOWN
        read_only_fields = SHOWN


class TicketCreateApi(CreateAPIView[Ticket]):
    authentication_classes = (TokenAuthentication,)
    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        serializer.save(original_characters=len(serializer.validated_data["description"]))


# The middleware asks for addresses of the product.
urlpatterns = [path("bare", TicketCreateApi.as_view()), *config.urls.urlpatterns]
settings.ROOT_URLCONF = "bench.bare"
