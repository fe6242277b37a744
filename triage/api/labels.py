"""The taxonomy, to read: labels as they are edited, and the published versions that decisions name."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.tokens import Scope
from triage.api import docs, filters
from triage.api.base import Endpoint
from triage.api.paging import Order, number, page
from triage.api.schemas import Shape, page_of
from triage.models import Label, TaxonomyVersion
from triage.selectors.objects import label_object, taxonomy_object

LABEL: docs.Json = {
    "slug": "refund",
    "name": "Refund",
    "description": "The customer wants money back.",
    "exclusions": "Exchanges go to `exchange`.",
    "examples": ["I want my money back."],
    "team_id": 3,
    "always_escalate": False,
    "auto_apply": True,
    "threshold": None,
    "active": True,
}
VERSION: docs.Json = {
    "number": 1,
    "digest": "7c1d",
    "labels": ["login", "refund"],
    "created_at": "2026-11-20T08:00:00.000000Z",
}


class LabelShape(Shape[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    exclusions = serializers.CharField(allow_blank=True)
    examples = serializers.ListField(child=serializers.CharField(allow_blank=True))
    team_id = serializers.IntegerField(allow_null=True)
    always_escalate = serializers.BooleanField()
    auto_apply = serializers.BooleanField()
    threshold = serializers.FloatField(allow_null=True)
    active = serializers.BooleanField()


class TaxonomyVersionShape(Shape[Any]):
    number = serializers.IntegerField()
    digest = serializers.CharField()
    labels = serializers.ListField(child=serializers.CharField(), help_text="Slugs.")
    created_at = serializers.DateTimeField()


class LabelListApi(Endpoint):
    scopes = {"get": Scope.TICKETS_READ}

    @extend_schema(
        operation_id="list_labels",
        summary="List labels",
        description="As admins edit them; what Claude sees is the newest taxonomy version.",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(LabelShape)}),
        examples=[docs.example(docs.page(LABEL))],
        tags=["taxonomy"],
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request)
        order = Order({"id": number})
        return Response(
            page(Label.objects.all(), order=order, request=request, render=label_object)
        )


class LabelDetailApi(Endpoint):
    scopes = {"get": Scope.TICKETS_READ}

    @extend_schema(
        operation_id="get_label",
        summary="Read a label",
        responses=docs.answers({200: LabelShape}),
        examples=[docs.example(LABEL)],
        tags=["taxonomy"],
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(label_object(Label.objects.get(slug__iexact=slug)))


class TaxonomyVersionListApi(Endpoint):
    scopes = {"get": Scope.TICKETS_READ}

    @extend_schema(
        operation_id="list_taxonomy_versions",
        summary="List taxonomy versions",
        description="The newest first.",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(TaxonomyVersionShape)}),
        examples=[docs.example(docs.page(VERSION))],
        tags=["taxonomy"],
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request)
        order = Order({"number": number}, is_descending=True)
        versions = TaxonomyVersion.objects.all()
        return Response(page(versions, order=order, request=request, render=taxonomy_object))
