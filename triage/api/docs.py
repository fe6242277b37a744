"""Examples and the answers that every endpoint can give, for the schema."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from triage.api.schemas import ErrorShape, Shape

Json = dict[str, Any]

FAULTS = {
    400: "The body is not JSON that can be read.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The token lacks the scope.",
    404: "There is no such thing.",
    409: "It has changed meanwhile, or the Idempotency-Key is taken.",
    413: "The body is too large.",
    422: "A field or parameter is unusable; `details` names it.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    503: "Claude or a part of the installation is out of reach; `Retry-After` says when to ask again.",
}
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[ -~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="The same key and body within 24 hours give the same answer and create nothing twice; the answer's "
    "`x-idempotency-lookup` says `hit` or `miss`.",
)
NEW_TICKET: Json = {
    "subject": "Refund for order 1881",
    "description": "Hello,\nmy order arrived broken. I want my money back.",
    "requester": {"name": "Dana Diaz", "email": "dana@example.com"},
    "source": "shop",
    "external_id": "case-1881",
    "tags": ["vip"],
}
FIELD: Json = {
    "value": "refund",
    "confidence": 0.93,
    "threshold": 0.85,
    "decision": "applied",
    "alternatives": [{"value": "damaged", "confidence": 0.05}],
    "corrected_to": None,
    "corrected_by": None,
    "corrected_at": None,
    "correction_reason": None,
}
TRIAGE: Json = {
    "state": "done",
    "skip_reason": None,
    "fields": {"label": FIELD},
    "reason": "The customer asks for money back after a damaged delivery.",
    "stage": "classify",
    "model": "claude-haiku-5-5",
    "obtained": "first",
    "escalated": False,
    "escalation_reason": None,
    "prompt_version": "4f1f0c2be5d6a7c8",
    "taxonomy_version": 1,
    "cost_usd": "0.000243175",
    "latency_ms": 812,
    "at": "2026-11-21T09:30:01.204000Z",
    "simulated": False,
}
TICKET: Json = {
    "id": 42,
    "subject": "Refund for order 1881",
    "description": "Hello,\nmy order arrived broken. I want my money back.",
    "status": "new",
    "priority": None,
    "label": "refund",
    "team_id": 3,
    "assignee_id": None,
    "requester_id": 7,
    "requester": {
        "id": 7,
        "name": "Dana Diaz",
        "email": "dana@example.com",
        "external_id": None,
    },
    "tags": ["vip"],
    "channel": "api",
    "source": "shop",
    "external_id": "case-1881",
    "language": "en",
    "sentiment": "negative",
    "custom_fields": {},
    "needs_review": False,
    "version": 2,
    "triage": TRIAGE,
    "created_at": "2026-11-21T09:30:00.114000Z",
    "updated_at": "2026-11-21T09:30:01.220000Z",
    "solved_at": None,
}
MESSAGE: Json = {
    "id": 9,
    "ticket_id": 42,
    "author": "requester",
    "author_id": None,
    "author_name": "Dana Diaz",
    "body": "Any news?",
    "public": True,
    "created_at": "2026-11-21T10:02:45.000000Z",
}


def answers(good: dict[int, Shape[Any] | type[Shape[Any]]]) -> dict[int, Any]:
    """The good answers and all that can go wrong."""
    faults = {
        status: OpenApiResponse(ErrorShape, description=text) for status, text in FAULTS.items()
    }
    return {**good, **faults}


def body(value: Json) -> OpenApiExample:
    """An example of what is sent."""
    return OpenApiExample("Request", value=value, request_only=True)


def example(value: Json, *, status: int = 200) -> OpenApiExample:
    """An example of what is answered."""
    return OpenApiExample("Answer", value=value, response_only=True, status_codes=[str(status)])


def page(item: Json) -> Json:
    return {
        "data": [item],
        "meta": {"has_more": True, "after_cursor": "WyIyMDI2LTExLTIxIiw0Ml0"},
        "links": {
            "next": "https://triage.example.com/api/v1/…?page[after]=WyIyMDI2LTExLTIxIiw0Ml0"
        },
    }
