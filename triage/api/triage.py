"""Triage of a ticket: ask for it again, or correct it."""

from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.tokens import Scope
from triage.api import docs
from triage.api.base import Body, Endpoint
from triage.api.idempotency import idempotent
from triage.api.schemas import CorrectionIn, TicketShape, TriageShape
from triage.selectors.objects import ticket_object, tickets_with_all, triage_object
from triage.services import classification, tickets


class TriageApi(Endpoint):
    scopes = {
        "get": Scope.TICKETS_READ,
        "post": Scope.TICKETS_WRITE,
        "patch": Scope.TICKETS_WRITE,
    }

    @extend_schema(
        operation_id="get_triage",
        summary="Read a ticket's triage",
        responses=docs.answers({200: TriageShape}),
        examples=[docs.example(docs.TRIAGE)],
        tags=["triage"],
    )
    def get(self, request: Request, ticket_id: int) -> Response:
        return Response(triage_object(tickets_with_all().get(pk=ticket_id).triage))

    @extend_schema(
        operation_id="triage_again",
        summary="Triage a ticket again",
        description="Asks Claude anew, past any stored reply; costs money. While a run is underway it is that one.",
        request=Body,
        responses=docs.answers({202: TriageShape}),
        examples=[docs.example({**docs.TRIAGE, "state": "queued"}, status=202)],
        parameters=[docs.IDEMPOTENCY],
        tags=["triage"],
    )
    @idempotent
    def post(self, request: Request, ticket_id: int) -> Response:
        self.valid(Body)
        classification.request_rerun(ticket_id)
        run = tickets_with_all().get(pk=ticket_id).triage
        return Response(triage_object(run), status=HTTPStatus.ACCEPTED)

    @extend_schema(
        operation_id="correct_triage",
        summary="Correct a ticket's label",
        description="Sets the label for good, and its team; confirming the label that stands is the same act. The same "
        "again changes nothing.",
        request=CorrectionIn,
        responses=docs.answers({200: TicketShape}),
        examples=[
            docs.body({"label": "refund", "reason": "wrong_label"}),
            docs.example(docs.TICKET),
        ],
        tags=["triage"],
    )
    def patch(self, request: Request, ticket_id: int) -> Response:
        given = self.valid(CorrectionIn)
        tickets.correct_label(
            ticket_id,
            label=given["label"],
            by=self.by,
            version=given.get("version"),
            reason=given.get("reason", ""),
        )
        return Response(ticket_object(tickets_with_all().get(pk=ticket_id)))
