"""Imports: a file of tickets, uploaded and read in the background."""

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tokens
from accounts.models.tokens import Scope
from triage.api import docs, filters
from triage.api.base import Body, Endpoint
from triage.api.idempotency import idempotent
from triage.api.paging import Order, number, page
from triage.api.schemas import Shape, page_of
from triage.models import Import
from triage.models.imports import ImportState
from triage.selectors.objects import import_object
from triage.services.intake import uploads

IMPORT: docs.Json = {
    "id": 5,
    "name": "tickets.csv",
    "source": "zendesk",
    "state": "running",
    "progress": 0.4182,
    "lines_read": 52_000,
    "new": 51_990,
    "known": 8,
    "refused": 2,
    "unmapped": 0,
    "problems": [{"line": 17, "reason": "description: is missing or empty"}],
    "error": None,
    "created_at": "2026-11-21T09:30:00.000000Z",
    "updated_at": "2026-11-21T09:30:41.000000Z",
}


class ImportIn(Body):
    file = serializers.FileField(help_text="CSV or JSONL, UTF-8, at most 100 MB.")
    source = serializers.RegexField(  # type: ignore[assignment]
        r"^(?:[A-Za-z].*)?$",  # in a form everything is text: a number or an object would pass for a name
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        help_text="Where the ids come from, a name that begins with a letter; by default the file's name.",
        error_messages={"invalid": "Must begin with a letter."},
    )


class ProblemShape(Shape[Any]):
    line = serializers.IntegerField()
    reason = serializers.CharField()


class ImportShape(Shape[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(ImportState.choices)
    progress = serializers.FloatField(
        allow_null=True, help_text="Share of the file that is read, 0 to 1."
    )
    lines_read = serializers.IntegerField()
    new = serializers.IntegerField()
    known = serializers.IntegerField()
    refused = serializers.IntegerField()
    unmapped = serializers.IntegerField(help_text="Values kept as custom fields.")
    problems = ProblemShape(many=True, help_text="The first 100 refused lines.")
    error = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ImportEndpoint(Endpoint):
    """Everybody sees their own imports; the scope `admin` sees all."""

    scopes = {"get": Scope.TICKETS_READ, "post": Scope.TICKETS_WRITE}

    def visible(self) -> QuerySet[Import]:
        if Scope.ADMIN in tokens.effective_scopes(self.token):
            return Import.objects.all()
        return Import.objects.filter(by=self.by)


class ImportListApi(ImportEndpoint):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="list_imports",
        summary="List imports",
        description="The newest first.",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(ImportShape)}),
        examples=[docs.example(docs.page(IMPORT))],
        tags=["imports"],
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request)
        order = Order({"id": number}, is_descending=True)
        return Response(page(self.visible(), order=order, request=request, render=import_object))

    @extend_schema(
        operation_id="create_import",
        summary="Import a file",
        description="A CSV or JSONL file with `description` and, where there are, `external_id`, `subject`, `label`, `priority`, "
        "`requester_email`, `requester_name`, `tags`, `created_at`. It is read in the background; refused lines are named.",
        request={"multipart/form-data": ImportIn},
        responses=docs.answers({202: ImportShape}),
        examples=[docs.example({**IMPORT, "state": "queued"}, status=202)],
        parameters=[docs.IDEMPOTENCY],
        tags=["imports"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.valid(ImportIn)
        file = given["file"]
        run = uploads.accept(file.chunks(), name=file.name, source=given["source"], by=self.by)
        headers = {"Location": reverse("api:import", args=[run.pk])}
        return Response(import_object(run), status=HTTPStatus.ACCEPTED, headers=headers)


class ImportDetailApi(ImportEndpoint):
    @extend_schema(
        operation_id="get_import",
        summary="Read an import",
        responses=docs.answers({200: ImportShape}),
        examples=[docs.example(IMPORT)],
        tags=["imports"],
    )
    def get(self, request: Request, import_id: int) -> Response:
        return Response(import_object(self.visible().get(pk=import_id)))
