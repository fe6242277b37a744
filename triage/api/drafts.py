"""Drafts: ask for one, follow it while it is written, stop it, decide on it, send it."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.tokens import Scope
from triage.api import docs
from triage.api.base import Body, Endpoint
from triage.api.idempotency import idempotent
from triage.api.schemas import EventShape, MessageShape, Shape
from triage.models import ArticleKind, Draft, DraftState, Obtained, Tone
from triage.selectors.drafts import draft_object
from triage.selectors.objects import message_object
from triage.services import drafts

EVENT_STREAM = "text/event-stream"
TYPES = ["application/json", EVENT_STREAM]  # who accepts both, or says nothing, gets the first
STREAMED = (HTTPStatus.OK, EVENT_STREAM)
TONES = [(tone.value, tone.label) for tone in Tone if tone]
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    str,
    OpenApiParameter.HEADER,
    description="The id of the last event that you saw: the stream goes on exactly after it.",
)
DRAFT: docs.Json = {
    "id": 5,
    "ticket_id": 42,
    "state": "ready",
    "text": "Hello Dana Diaz,\n\nI am sorry that order 1881 reached you broken. …\n\nKind regards\n",
    "stale": False,
    "error": None,
    "model": "claude-sonnet-5-5",
    "obtained": "first",
    "notice": None,
    "usage": {"input_tokens": 1904, "output_tokens": 131},
    "cost_usd": "0.002318000",
    "prompt_version": "9d1f0c2be5d6a7c8",
    "sources": [
        {
            "id": 12,
            "kind": "canned",
            "title": "Broken on arrival",
            "url": None,
            "cited": True,
            "at": 63,
        }
    ],
    "fresh": False,
    "steer": "offer a replacement",
    "tone": "friendly",
    "continues": None,
    "edited_share": None,
    "by": 7,
    "decided_by": None,
    "message_id": None,
    "simulated": False,
    "created_at": "2026-11-21T09:31:00.114000Z",
    "finished_at": "2026-11-21T09:31:06.220000Z",
    "stale_at": None,
    "decided_at": None,
    "mailed_at": None,
}
WAITING: docs.Json = {
    **DRAFT,
    "state": "queued",
    "text": "",
    "sources": [],
    "model": None,
    "obtained": None,
    "usage": {"input_tokens": 0, "output_tokens": 0},
    "cost_usd": "0.000000000",
    "finished_at": None,
}


class DraftErrorShape(Shape[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class DraftUsageShape(Shape[Any]):
    input_tokens = serializers.IntegerField(help_text="Cached ones included.")
    output_tokens = serializers.IntegerField()


class DraftSourceShape(Shape[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(ArticleKind.choices)
    title = serializers.CharField()
    url = serializers.CharField(allow_null=True, help_text="Where customers can read it.")
    cited = serializers.BooleanField(help_text="Cited ones come first, in the order of the text.")
    at = serializers.IntegerField(
        allow_null=True, help_text="The character of the text up to which it rests on this."
    )


class DraftShape(Shape[Any]):
    id = serializers.IntegerField()
    ticket_id = serializers.IntegerField()
    state = serializers.ChoiceField(DraftState.choices)
    text = serializers.CharField(
        allow_blank=True, help_text="What there is so far; all of it in the end, whatever ended it."
    )
    stale = serializers.BooleanField(help_text="The customer has written since.")
    error = DraftErrorShape(allow_null=True, help_text="Why it is broken or failed.")
    model = serializers.CharField(allow_null=True, help_text="The model that served.")
    obtained = serializers.ChoiceField(Obtained.choices, allow_null=True)
    notice = serializers.CharField(
        allow_null=True, help_text="What to know before using a reply that is second best."
    )
    usage = DraftUsageShape()
    cost_usd = serializers.CharField(help_text="Dollars, exact: a string with nine places.")
    prompt_version = serializers.CharField(allow_null=True)
    sources = DraftSourceShape(many=True, help_text="The articles that it was given.")
    fresh = serializers.BooleanField()
    steer = serializers.CharField(allow_null=True)
    tone = serializers.ChoiceField(TONES, allow_null=True)
    continues = serializers.IntegerField(allow_null=True)
    edited_share = serializers.FloatField(
        allow_null=True,
        min_value=0,
        max_value=1,
        help_text="Of a sent one: how much was changed, 0 (nothing) to 1 (all).",
    )
    by = serializers.IntegerField()
    decided_by = serializers.IntegerField(allow_null=True)
    message_id = serializers.IntegerField(allow_null=True, help_text="What was sent of it.")
    simulated = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    stale_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    mailed_at = serializers.DateTimeField(allow_null=True)


class DraftIn(Body):
    fresh = serializers.BooleanField(
        required=False, default=False, help_text="Ask Claude anew, past any stored reply."
    )
    steer = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=drafts.STEER_MAX_CHARACTERS,
        help_text="What you wish of it, in a line.",
    )
    tone = serializers.ChoiceField(TONES, required=False, help_text="Another than usual.")
    continues = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="A draft of this ticket that broke off or was stopped: go on with its text. It is discarded.",
    )


class SendIn(Body):
    body = serializers.CharField(help_text="What is sent: the draft as you have edited it.")
    stale_ok = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Send it although the customer has written since; else that is a 409, `draft_stale`.",
    )


class JsonBesideEvents(DefaultContentNegotiation):
    """JSON for all that is no stream, errors too: that somebody accepts only a stream is no reason for a 406."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class DraftListApi(Endpoint):
    scopes = {"post": Scope.TICKETS_WRITE}
    content_negotiation_class = JsonBesideEvents

    @extend_schema(
        operation_id="propose_draft",
        summary="Ask for a draft",
        description="A worker writes it; costs money. While one is underway for the ticket it is that one. Asked with "
        "`Accept: text/event-stream` the answer is at once what `/drafts/{id}/events` says. That your rate or a budget is used "
        "up shows in the draft: it fails, with the reason. Going on with a draft that is whole, decided on or stale is a 409.",
        request=DraftIn,
        responses={**docs.answers({202: DraftShape}), STREAMED: EventShape},
        examples=[
            docs.body({"steer": "offer a replacement", "tone": "friendly"}),
            docs.example(WAITING, status=202),
        ],
        parameters=[docs.IDEMPOTENCY],
        tags=["drafts"],
    )
    def post(self, request: Request, ticket_id: int) -> HttpResponseBase:
        answer = self._propose(request, ticket_id)
        is_made = answer.status_code == HTTPStatus.ACCEPTED
        if not is_made or request.get_preferred_type(TYPES) != EVENT_STREAM:
            return answer
        draft_id = int(answer["Location"].rpartition("/")[2])
        return _stream(draft_id, headers={"Location": answer["Location"]})

    @idempotent
    def _propose(self, request: Request, ticket_id: int) -> Response:
        given = self.valid(DraftIn)
        draft = drafts.propose(
            ticket_id,
            by=self.by,
            is_fresh=given["fresh"],
            steer=given["steer"],
            tone=given.get("tone", ""),
            continues=given.get("continues"),
        )
        headers = {"Location": reverse("api:draft", args=[draft.pk])}
        return Response(draft_object(draft), status=HTTPStatus.ACCEPTED, headers=headers)


class DraftDetailApi(Endpoint):
    scopes = {"get": Scope.TICKETS_READ}

    @extend_schema(
        operation_id="get_draft",
        summary="Read a draft",
        responses=docs.answers({200: DraftShape}),
        examples=[docs.example(DRAFT)],
        tags=["drafts"],
    )
    def get(self, request: Request, draft_id: int) -> Response:
        return Response(draft_object(Draft.objects.get(pk=draft_id)))


class DraftEventsApi(Endpoint):
    scopes = {"get": Scope.TICKETS_READ}
    content_negotiation_class = JsonBesideEvents

    @extend_schema(
        operation_id="follow_draft",
        summary="Follow a draft while it is written",
        description="Server-sent events: `draft.started`, `draft.delta` {text} many times, `draft.citation` {id, title, url, at} "
        "once for each source that the text up to the character `at` rests on, `draft.stale` if the customer writes meanwhile, "
        "and in the end `draft.done` or `draft.error` {code, message}, each with {state, usage, cost_usd, model, obtained, "
        "notice}. No character and no citation comes twice and none is missing, also after a reconnect. Whoever has seen the "
        "end gets a 204, which keeps a browser from coming back.",
        parameters=[LAST_EVENT_ID],
        responses={**docs.answers({}), STREAMED: EventShape, HTTPStatus.NO_CONTENT: None},
        tags=["drafts"],
    )
    def get(self, request: Request, draft_id: int) -> HttpResponseBase:
        draft = Draft.objects.get(pk=draft_id)
        after = request.headers.get("Last-Event-ID", "")
        if drafts.is_all_told(draft, after=after):
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return _stream(draft.pk, after=after)


class DraftCancelApi(Endpoint):
    scopes = {"post": Scope.TICKETS_WRITE}

    @extend_schema(
        operation_id="cancel_draft",
        summary="Stop a draft",
        description="One that waits is over at once, one that is being written within about half a second; its text so far is "
        "kept. One that is over stays as it is.",
        request=Body,
        responses=docs.answers({202: DraftShape}),
        examples=[docs.example({**WAITING, "state": "running"}, status=202)],
        tags=["drafts"],
    )
    def post(self, request: Request, draft_id: int) -> Response:
        self.valid(Body)
        draft = drafts.cancel(draft_id, by=self.by)
        return Response(draft_object(draft), status=HTTPStatus.ACCEPTED)


class DraftAcceptApi(Endpoint):
    scopes = {"post": Scope.TICKETS_WRITE}

    @extend_schema(
        operation_id="accept_draft",
        summary="Take a draft into the editor",
        description="Nothing leaves the house.",
        request=Body,
        responses=docs.answers({200: DraftShape}),
        examples=[docs.example({**DRAFT, "state": "accepted", "decided_by": 7})],
        tags=["drafts"],
    )
    def post(self, request: Request, draft_id: int) -> Response:
        self.valid(Body)
        return Response(draft_object(drafts.accept(draft_id, by=self.by)))


class DraftDiscardApi(Endpoint):
    scopes = {"post": Scope.TICKETS_WRITE}

    @extend_schema(
        operation_id="discard_draft",
        summary="Throw a draft away",
        request=Body,
        responses=docs.answers({200: DraftShape}),
        examples=[docs.example({**DRAFT, "state": "discarded", "decided_by": 7})],
        tags=["drafts"],
    )
    def post(self, request: Request, draft_id: int) -> Response:
        self.valid(Body)
        return Response(draft_object(drafts.discard(draft_id, by=self.by)))


class DraftSendApi(Endpoint):
    scopes = {"post": Scope.MESSAGES_SEND}

    @extend_schema(
        operation_id="send_draft",
        summary="Send a reply made of a draft",
        description="Stores a public message, and mails it to the requester where mail is set up. Once.",
        request=SendIn,
        responses=docs.answers({201: MessageShape}),
        examples=[
            docs.body({"body": "Hello Dana Diaz,\n\n…"}),
            docs.example({**docs.MESSAGE, "author": "agent", "author_id": 7}, status=201),
        ],
        parameters=[docs.IDEMPOTENCY],
        tags=["drafts"],
    )
    @idempotent
    def post(self, request: Request, draft_id: int) -> Response:
        given = self.valid(SendIn)
        message = drafts.send(
            draft_id, body=given["body"], by=self.by, is_stale_ok=given["stale_ok"]
        )
        return Response(message_object(message), status=HTTPStatus.CREATED)


def _stream(
    draft_id: int, *, after: str = "", headers: Mapping[str, str] | None = None
) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        drafts.event_stream(draft_id, after=after),
        content_type=f"{EVENT_STREAM}; charset=utf-8",
        # nginx would keep the events until it has a page of them.
        headers={"X-Accel-Buffering": "no", **(headers or {})},
    )
