"""Evaluations: what triage says to labelled tickets. Proposed with a price, started, cancelled, resumed; for admins."""

import json
from http import HTTPStatus
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.tokens import Scope
from triage.api import docs, filters
from triage.api.base import Endpoint
from triage.api.evaluation_objects import (
    evaluation_object,
    evaluation_ticket_object,
    whole_evaluation_object,
)
from triage.api.evaluation_schemas import (
    EVALUATION,
    EVALUATION_TICKET,
    WHOLE,
    EvaluationIn,
    EvaluationShape,
    EvaluationTicketShape,
    NothingIn,
    ResumeIn,
    WholeEvaluationShape,
)
from triage.api.idempotency import idempotent
from triage.api.paging import Order, number, page
from triage.api.schemas import page_of
from triage.models import Evaluation, EvaluationSource, EvaluationTicket
from triage.services.evaluation import running
from triage.services.evaluation.configurations import NAMES, in_force
from triage.services.evaluation.sampling import (
    ConfirmedSource,
    CorrectedSource,
    FileSource,
    Source,
)
from triage.types import NANOUSD_PER_USD

NEWEST_FIRST = Order({"id": number}, is_descending=True)
BY_NUMBER = Order({"number": number})
TAGS = ["evaluations"]
UPLOAD_NAME = "API"


class EvaluationEndpoint(Endpoint):
    scopes = {"get": Scope.ADMIN, "post": Scope.ADMIN}


class EvaluationListApi(EvaluationEndpoint):
    @extend_schema(
        operation_id="list_evaluations",
        summary="List evaluations",
        description="The newest first.",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(EvaluationShape)}),
        examples=[docs.example(docs.page(EVALUATION))],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        filters.check_known(request)
        rows = Evaluation.objects.all()
        return Response(page(rows, order=NEWEST_FIRST, request=request, render=evaluation_object))

    @extend_schema(
        operation_id="propose_evaluation",
        summary="Propose an evaluation",
        description="Reads and samples labelled tickets, says what is wrong with them and what asking would cost. Asks nobody "
        "and costs nothing; `start` does.",
        request=EvaluationIn,
        responses=docs.answers({201: WholeEvaluationShape}),
        parameters=[docs.IDEMPOTENCY],
        examples=[
            docs.body({"source": "confirmed", "limit": 400, "b": {"apply": 0.9}}),
            docs.example({**WHOLE, "state": "quoted", "results": None}, status=201),
        ],
        tags=TAGS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.valid(EvaluationIn)
        a = given.get("a", {})
        changes = [a, {**a, **given["b"]}] if "b" in given else [a]
        evaluation = running.propose(
            _source(given),
            configurations=[
                in_force(name, **each) for name, each in zip(NAMES, changes, strict=False)
            ],
            by=self.by,
            name=given["name"],
            is_batch=given["batch"],
            seed=given["seed"],
            budget_nanousd=_nanousd(given),
        )
        headers = {"Location": reverse("api:evaluation", args=[evaluation.pk])}
        whole = whole_evaluation_object(evaluation)
        return Response(whole, status=HTTPStatus.CREATED, headers=headers)


class EvaluationDetailApi(EvaluationEndpoint):
    scopes = {"get": Scope.ADMIN}

    @extend_schema(
        operation_id="get_evaluation",
        summary="Read an evaluation",
        responses=docs.answers({200: WholeEvaluationShape}),
        examples=[docs.example(WHOLE)],
        tags=TAGS,
    )
    def get(self, request: Request, evaluation_id: int) -> Response:
        return Response(whole_evaluation_object(Evaluation.objects.get(pk=evaluation_id)))


class EvaluationStartApi(EvaluationEndpoint):
    scopes = {"post": Scope.ADMIN}

    @extend_schema(
        operation_id="start_evaluation",
        summary="Start an evaluation",
        description="Costs money, at most `budget_usd`. One that runs or is done stays as it is; a cancelled one is a 409.",
        request=NothingIn,
        responses=docs.answers({200: WholeEvaluationShape}),
        examples=[docs.example({**WHOLE, "state": "running", "results": None})],
        tags=TAGS,
    )
    def post(self, request: Request, evaluation_id: int) -> Response:
        self.valid(NothingIn)
        return Response(whole_evaluation_object(running.start(evaluation_id, by=self.by)))


class EvaluationCancelApi(EvaluationEndpoint):
    scopes = {"post": Scope.ADMIN}

    @extend_schema(
        operation_id="cancel_evaluation",
        summary="Cancel an evaluation",
        description="Nothing more is asked; what its batches still bring is kept, and paid. It can be resumed.",
        request=NothingIn,
        responses=docs.answers({200: WholeEvaluationShape}),
        examples=[docs.example({**WHOLE, "state": "cancelled", "results": None})],
        tags=TAGS,
    )
    def post(self, request: Request, evaluation_id: int) -> Response:
        self.valid(NothingIn)
        return Response(whole_evaluation_object(running.cancel(evaluation_id, by=self.by)))


class EvaluationResumeApi(EvaluationEndpoint):
    scopes = {"post": Scope.ADMIN}

    @extend_schema(
        operation_id="resume_evaluation",
        summary="Resume an evaluation",
        description="Goes on with what is missing; nothing is paid twice. One whose budget was used up needs a higher one.",
        request=ResumeIn,
        responses=docs.answers({200: WholeEvaluationShape}),
        examples=[
            docs.body({"budget_usd": "2.50"}),
            docs.example({**WHOLE, "state": "running", "results": None}),
        ],
        tags=TAGS,
    )
    def post(self, request: Request, evaluation_id: int) -> Response:
        budget = _nanousd(self.valid(ResumeIn))
        evaluation = running.resume(evaluation_id, by=self.by, budget_nanousd=budget)
        return Response(whole_evaluation_object(evaluation))


class EvaluationTicketListApi(EvaluationEndpoint):
    scopes = {"get": Scope.ADMIN}

    @extend_schema(
        operation_id="list_evaluation_tickets",
        summary="List an evaluation's tickets",
        description="In their order, with the known label and what each stage said. Those left out say why.",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(EvaluationTicketShape)}),
        examples=[docs.example(docs.page(EVALUATION_TICKET))],
        tags=TAGS,
    )
    def get(self, request: Request, evaluation_id: int) -> Response:
        filters.check_known(request)
        evaluation = Evaluation.objects.only("pk").get(pk=evaluation_id)
        rows = EvaluationTicket.objects.filter(evaluation=evaluation).prefetch_related("answers")
        return Response(
            page(rows, order=BY_NUMBER, request=request, render=evaluation_ticket_object)
        )


def _source(given: dict[str, Any]) -> Source:
    """Raises ValidationError where tickets are missing, or come with a source that has its own."""
    tickets, limit = given.get("tickets"), given["limit"]
    is_file = given["source"] == EvaluationSource.FILE
    if is_file != bool(tickets):
        fault = "Belongs to `source: file`." if tickets else "Is missing or empty."
        raise serializers.ValidationError({"tickets": [fault]}, code="invalid")
    if is_file:
        lines = "".join(f"{json.dumps(each)}\n" for each in tickets or ())
        return FileSource(lines.encode(), UPLOAD_NAME, limit)
    if given["source"] == EvaluationSource.CONFIRMED:
        return ConfirmedSource(limit)
    return CorrectedSource(limit)


def _nanousd(given: dict[str, Any]) -> int | None:
    """Whole nano-dollars of `budget_usd`; exact, for it has at most nine places."""
    if "budget_usd" not in given:
        return None
    whole, _, part = given["budget_usd"].partition(".")
    return int(whole) * NANOUSD_PER_USD + int(part.ljust(9, "0"))
