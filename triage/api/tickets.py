"""Tickets: create, list, read, change, and many at once."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.tokens import Scope
from triage.api import docs, filters
from triage.api.base import Endpoint
from triage.api.errors import handle
from triage.api.idempotency import idempotent
from triage.api.paging import Best, Order, moment, number, page
from triage.api.schemas import (
    BulkIn,
    BulkShape,
    TicketChangeIn,
    TicketIn,
    TicketShape,
    page_of,
)
from triage.exceptions import TriageError
from triage.models import Ticket
from triage.selectors.objects import new_ticket_object, ticket_object, tickets_with_all, with_all
from triage.services import intake, tickets
from triage.services.intake import NewTicket, Received
from triage.services.tickets import Changes

READ_WRITE = {
    "get": Scope.TICKETS_READ,
    "post": Scope.TICKETS_WRITE,
    "patch": Scope.TICKETS_WRITE,
}
COLUMNS = {"updated_at": moment, "id": number}
SORTS = {"updated_at": False, "-updated_at": True}
SORT = "sort"


class TicketListApi(Endpoint):
    scopes = READ_WRITE

    @extend_schema(
        operation_id="list_tickets",
        summary="List tickets",
        description="In the order of change, the oldest change first, so that a client that keeps asking with the last cursor "
        "misses nothing. With `q`, the best hits first.",
        parameters=[
            *filters.parameters(),
            OpenApiParameter(SORT, str, enum=list(SORTS), description="By default `updated_at`."),
        ],
        responses=docs.answers({200: page_of(TicketShape)}),
        examples=[docs.example(docs.page(docs.TICKET))],
        tags=["tickets"],
    )
    def get(self, request: Request) -> Response:
        found = filters.narrowed(Ticket.objects.all(), request, also=[SORT])
        order: Order | Best = ticket_order(request.query_params)
        if words := request.query_params.get("q", "").strip():
            order = Best(filters.ranked(found, words))
            found = tickets_with_all()
        else:
            found = with_all(found)
        return Response(page(found, order=order, request=request, render=ticket_object))

    @extend_schema(
        operation_id="create_ticket",
        summary="Create a ticket",
        description="Answers as soon as the ticket is stored: triage runs afterwards. A known `source` and `external_id` give "
        "the ticket they name, unchanged, with a 200.",
        request=TicketIn,
        responses=docs.answers({201: TicketShape, 200: TicketShape}),
        examples=[docs.body(docs.NEW_TICKET), docs.example(docs.TICKET, status=201)],
        parameters=[docs.IDEMPOTENCY],
        tags=["tickets"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        received = intake.receive(new_ticket(self.valid(TicketIn)))
        status = HTTPStatus.CREATED if received.is_new else HTTPStatus.OK
        headers = {"Location": reverse("api:ticket", args=[received.ticket.pk])}
        return Response(_received(received), status=status, headers=headers)


class TicketDetailApi(Endpoint):
    scopes = READ_WRITE

    @extend_schema(
        operation_id="get_ticket",
        summary="Read a ticket",
        responses=docs.answers({200: TicketShape}),
        examples=[docs.example(docs.TICKET)],
        tags=["tickets"],
    )
    def get(self, request: Request, ticket_id: int) -> Response:
        return Response(ticket_object(tickets_with_all().get(pk=ticket_id)))

    @extend_schema(
        operation_id="change_ticket",
        summary="Change a ticket",
        description="What you set, triage leaves alone from then on. The label is corrected at `/triage`.",
        request=TicketChangeIn,
        responses=docs.answers({200: TicketShape}),
        examples=[docs.body({"status": "solved", "tags": ["vip"]}), docs.example(docs.TICKET)],
        tags=["tickets"],
    )
    def patch(self, request: Request, ticket_id: int) -> Response:
        given = self.valid(TicketChangeIn)
        version = given.pop("version", None)
        tickets.change(ticket_id, _changes(given), by=self.by, version=version)
        return Response(ticket_object(tickets_with_all().get(pk=ticket_id)))


class TicketBulkApi(Endpoint):
    scopes = READ_WRITE

    @extend_schema(
        operation_id="create_tickets",
        summary="Create up to 100 tickets",
        description="Each stands for itself: `results` has, in the order given, a status and the ticket or the error.",
        request=BulkIn,
        responses=docs.answers({200: BulkShape}),
        examples=[
            docs.body({"tickets": [docs.NEW_TICKET]}),
            docs.example({"results": [{"status": 201, "ticket": docs.TICKET, "error": None}]}),
        ],
        parameters=[docs.IDEMPOTENCY],
        tags=["tickets"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.valid(BulkIn)["tickets"]
        return Response({"results": [self._result(fields) for fields in given]})

    def _result(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What became of one of them."""
        try:
            with transaction.atomic():
                serializer = TicketIn(data=fields)
                serializer.is_valid(raise_exception=True)
                received = intake.receive(new_ticket(serializer.validated_data))
        except (ValidationError, TriageError) as error:
            answer = handle(error, {})
            return {"status": answer.status_code, "ticket": None, "error": answer.data["error"]}
        status = HTTPStatus.CREATED if received.is_new else HTTPStatus.OK
        return {"status": status, "ticket": _received(received), "error": None}


def _received(received: Received) -> dict[str, Any]:
    """The ticket; only a known one has to be read."""
    if received.is_new:
        return new_ticket_object(received.ticket)
    return ticket_object(tickets_with_all().get(pk=received.ticket.pk))


def new_ticket(given: dict[str, Any]) -> NewTicket:
    """A checked body as a ticket to be received."""
    requester = given.get("requester") or {}
    return NewTicket(
        description=given["description"],
        channel=given["channel"],
        subject=given["subject"],
        requester_name=requester.get("name", ""),
        requester_email=requester.get("email", ""),
        requester_external_id=requester.get("external_id", ""),
        priority=given["priority"] or "",
        tags=tuple(given["tags"]),
        source=given["source"],
        external_id=given["external_id"],
        created_at=given["created_at"],
        custom_fields=given["custom_fields"],
    )


def _changes(given: dict[str, Any]) -> Changes:
    if "priority" in given:
        given["priority"] = given["priority"] or ""
    if "tags" in given:
        given["tags"] = tuple(given["tags"])
    return Changes(**given)


def ticket_order(query: Mapping[str, str]) -> Order:
    """The order that the parameters ask for. The tickets with a tag have it in their tag's rows."""
    sort = query.get(SORT, "updated_at")
    if sort not in SORTS:
        raise ValidationError({SORT: [f"Must be one of {', '.join(SORTS)}."]})
    lookups = filters.TAGGED if "tag" in query else None
    return Order(COLUMNS, is_descending=SORTS[sort], lookups=lookups)
