"""The shapes of answers, for the schema; what is answered is built by `selectors.objects` and held to these by tests."""

from typing import Any

from rest_framework import serializers

from triage.api.base import Body
from triage.models import Channel, CorrectionReason, Decision, Priority, Stage, Status
from triage.models.tickets import AuthorKind

STATES = [(state, state) for state in ("queued", "running", "done", "skipped", "failed")]
REASONS = [(reason.value, reason.label) for reason in CorrectionReason if reason]
Shape = serializers.Serializer


class RequesterShape(Shape[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(allow_null=True)
    email = serializers.EmailField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)


class AlternativeShape(Shape[Any]):
    value = serializers.CharField()
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)


class FieldShape(Shape[Any]):
    value = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    threshold = serializers.FloatField(min_value=0, max_value=1)
    decision = serializers.ChoiceField(Decision.choices)
    alternatives = AlternativeShape(many=True)
    corrected_to = serializers.CharField(allow_null=True)
    corrected_by = serializers.IntegerField(allow_null=True)
    corrected_at = serializers.DateTimeField(allow_null=True)
    correction_reason = serializers.ChoiceField(REASONS, allow_null=True)


class FieldsShape(Shape[Any]):
    label = FieldShape(required=False)  # type: ignore[assignment]
    priority = FieldShape(required=False)
    sentiment = FieldShape(required=False)
    language = FieldShape(required=False)


class TriageShape(Shape[Any]):
    state = serializers.ChoiceField(STATES)
    skip_reason = serializers.CharField(allow_null=True)
    fields = FieldsShape()  # type: ignore[assignment]
    reason = serializers.CharField(allow_null=True)
    stage = serializers.ChoiceField(Stage.choices, allow_null=True)
    model = serializers.CharField(allow_null=True, help_text="The model that served.")
    obtained = serializers.CharField(
        allow_null=True,
        help_text="How its reply was obtained: first, joined, stored, batch, fallback, stale or canned.",
    )
    escalated = serializers.BooleanField()
    escalation_reason = serializers.CharField(allow_null=True)
    prompt_version = serializers.CharField(allow_null=True)
    taxonomy_version = serializers.IntegerField(allow_null=True)
    cost_usd = serializers.CharField(help_text="Dollars, exact: a string with nine places.")
    latency_ms = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    simulated = serializers.BooleanField(
        help_text="Answers come from the simulator and not from Claude."
    )


class TicketShape(Shape[Any]):
    id = serializers.IntegerField()
    subject = serializers.CharField(allow_blank=True)
    description = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    priority = serializers.ChoiceField(Priority.choices, allow_null=True)
    label = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="The label's slug."
    )
    team_id = serializers.IntegerField(allow_null=True)
    assignee_id = serializers.IntegerField(allow_null=True)
    requester_id = serializers.IntegerField(allow_null=True)
    requester = RequesterShape(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    channel = serializers.ChoiceField(Channel.choices)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    external_id = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    sentiment = serializers.CharField(allow_null=True)
    custom_fields = serializers.DictField(child=serializers.JSONField())
    needs_review = serializers.BooleanField()
    version = serializers.IntegerField()
    triage = TriageShape(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    solved_at = serializers.DateTimeField(allow_null=True)


class MessageShape(Shape[Any]):
    id = serializers.IntegerField()
    ticket_id = serializers.IntegerField()
    author = serializers.ChoiceField(AuthorKind.choices)
    author_id = serializers.IntegerField(allow_null=True)
    author_name = serializers.CharField(allow_null=True)
    body = serializers.CharField()
    public = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class EventShape(Shape[Any]):
    """One event of a stream."""

    id = serializers.CharField(required=False)
    event = serializers.CharField()
    data = serializers.CharField(help_text="JSON.")  # type: ignore[assignment]


class MetaShape(Shape[Any]):
    has_more = serializers.BooleanField()
    after_cursor = serializers.CharField(allow_null=True)


class LinksShape(Shape[Any]):
    next = serializers.CharField(allow_null=True)


class FaultShape(Shape[Any]):
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    message = serializers.CharField()


class ErrorDetailsShape(Shape[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    details = FaultShape(many=True)
    request_id = serializers.CharField(allow_blank=True)


class ErrorShape(Shape[Any]):
    """The one body of every error."""

    error = ErrorDetailsShape()


def page_of(shape: type[Shape[Any]]) -> Shape[Any]:
    """A page of such objects."""
    name = shape.__name__.removesuffix("Shape")
    parts = {"data": shape(many=True), "meta": MetaShape(), "links": LinksShape()}
    return _shape(f"{name}Page", parts)


def list_of(shape: type[Shape[Any]]) -> Shape[Any]:
    """All such objects."""
    name = shape.__name__.removesuffix("Shape")
    return _shape(f"{name}List", {"data": shape(many=True)})


def _shape(name: str, parts: dict[str, Any]) -> Shape[Any]:
    made: type[Shape[Any]] = type(f"{name}Shape", (Shape,), parts)
    return made()


class RequesterIn(Body):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")
    external_id = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default=""
    )


class TicketIn(Body):
    """A new ticket. Only `description` is required."""

    description = serializers.CharField(
        help_text="The customer's words. More than 16,000 characters are cut, with a mark."
    )
    subject = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    requester = RequesterIn(required=False)
    priority = serializers.ChoiceField(
        Priority.choices, required=False, allow_null=True, default=None
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=50, required=False, default=list
    )
    channel = serializers.ChoiceField(
        [(channel.value, channel.label) for channel in Channel if channel != Channel.IMPORT],
        required=False,
        default=Channel.API,
    )
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        help_text="Where it comes from; with `external_id` it names the ticket there.",
    )
    external_id = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        help_text="Its id there. The same source and external_id twice is one ticket.",
    )
    custom_fields = serializers.DictField(
        child=serializers.JSONField(allow_null=True), required=False, default=dict
    )
    created_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="By default now."
    )


class TicketChangeIn(Body):
    """What to change; what is left out stays."""

    subject = serializers.CharField(max_length=255, required=False, allow_blank=True)
    status = serializers.ChoiceField(Status.choices, required=False)
    priority = serializers.ChoiceField(Priority.choices, required=False, allow_null=True)
    team_id = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    assignee_id = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=50, required=False
    )
    custom_fields = serializers.DictField(
        child=serializers.JSONField(allow_null=True), required=False
    )
    version = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="The version you looked at; if it is no longer that, a 409 and no change.",
    )


class CorrectionIn(Body):
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=120, help_text="The slug of an active label."
    )
    reason = serializers.ChoiceField(
        REASONS,
        required=False,
        help_text="Why; kept with what triage decided, for who tends the labels.",
    )
    version = serializers.IntegerField(required=False, min_value=1)


class MessageIn(Body):
    body = serializers.CharField()
    public = serializers.BooleanField(
        required=False,
        default=True,
        help_text="A public message of an agent needs the scope messages:send.",
    )
    author = serializers.ChoiceField(AuthorKind.choices, required=False, default=AuthorKind.AGENT)


class BulkIn(Body):
    tickets = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=100)


class BulkResultShape(Shape[Any]):
    status = serializers.IntegerField(help_text="201 new, 200 known, 422 refused.")
    ticket = TicketShape(allow_null=True)
    error = ErrorDetailsShape(allow_null=True)


class BulkShape(Shape[Any]):
    results = BulkResultShape(many=True)
