"""The thread of a ticket."""

from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tokens
from accounts.models.tokens import Scope
from triage.api import docs, filters
from triage.api.base import Endpoint
from triage.api.idempotency import idempotent
from triage.api.paging import Order, moment, number, page
from triage.api.schemas import MessageIn, MessageShape, page_of
from triage.models import Ticket
from triage.models.tickets import AuthorKind
from triage.selectors.objects import message_object
from triage.services import tickets

ORDER = Order({"created_at": moment, "id": number})


class MessageListApi(Endpoint):
    scopes = {"get": Scope.TICKETS_READ, "post": Scope.TICKETS_WRITE}

    @extend_schema(
        operation_id="list_messages",
        summary="Read a ticket's thread",
        description="Oldest first. The ticket's description is the first message and is not among them.",
        parameters=filters.PAGING,
        responses=docs.answers({200: page_of(MessageShape)}),
        examples=[docs.example(docs.page(docs.MESSAGE))],
        tags=["messages"],
    )
    def get(self, request: Request, ticket_id: int) -> Response:
        filters.check_known(request)
        ticket = Ticket.objects.only("pk").get(pk=ticket_id)
        found = ticket.messages.all()
        return Response(page(found, order=ORDER, request=request, render=message_object))

    @extend_schema(
        operation_id="add_message",
        summary="Add to a ticket's thread",
        description="A requester's message reopens what was solved or pending and makes drafts stale. A public message of an "
        "agent is a reply to the customer and needs `messages:send`; nothing is mailed from here.",
        request=MessageIn,
        responses=docs.answers({201: MessageShape}),
        examples=[
            docs.body({"body": "Any news?", "author": "requester"}),
            docs.example(docs.MESSAGE, status=201),
        ],
        parameters=[docs.IDEMPOTENCY],
        tags=["messages"],
    )
    @idempotent
    def post(self, request: Request, ticket_id: int) -> Response:
        given = self.valid(MessageIn)
        is_reply = given["public"] and given["author"] == AuthorKind.AGENT
        if is_reply and Scope.MESSAGES_SEND not in tokens.effective_scopes(self.token):
            raise PermissionDenied(f"A public reply needs the scope {Scope.MESSAGES_SEND}.")
        message = tickets.add_message(
            ticket_id,
            body=given["body"],
            by=self.by,
            is_public=given["public"],
            author_kind=given["author"],
        )
        return Response(message_object(message), status=HTTPStatus.CREATED)
