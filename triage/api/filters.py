"""What the list of tickets may be narrowed to. An unknown parameter is refused: a misspelt filter would show everything."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import django_filters as filters
from django import forms
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.functions import Lower
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from triage.api.paging import AFTER, SIZE, SIZE_DEFAULT, SIZE_MAX
from triage.models import Channel, Label, Priority, Requester, Status, Ticket
from triage.selectors.cursor import BIGGEST_ID

RANKED_AT_MOST = 250
ID = {"type": "integer", "minimum": 1, "maximum": BIGGEST_ID}
TEXT_MAX_CHARACTERS = 200
TEXT = {"type": "string", "minLength": 1, "maxLength": TEXT_MAX_CHARACTERS}
TAGGED = {"updated_at": "tagged__updated_at", "id": "tagged__ticket_id"}
BOOLEANS = [("true", "true"), ("false", "false")]


class IdFilter(filters.Filter):  # type: ignore[misc]
    """A whole number that a row's id can be."""

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=BIGGEST_ID, **options)


class TextFilter(filters.CharFilter):  # type: ignore[misc]
    """A short text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=TEXT_MAX_CHARACTERS, **options)


class TicketFilter(filters.FilterSet):  # type: ignore[misc]
    """Every filter has an index in the order of the list."""

    status = filters.ChoiceFilter(choices=Status.choices)
    priority = filters.ChoiceFilter(choices=Priority.choices)
    channel = filters.ChoiceFilter(choices=Channel.choices)
    label = TextFilter(method="by_label", help_text="The label's slug.")
    team_id = IdFilter(field_name="team")
    assignee_id = IdFilter(field_name="assignee")
    requester_id = IdFilter(field_name="requester")
    requester_email = TextFilter(method="by_email")
    source = TextFilter()
    external_id = TextFilter(help_text="As the source spells it; best with `source`.")
    tag = TextFilter(method="by_tag")
    needs_review = filters.ChoiceFilter(choices=BOOLEANS, method="by_review")
    updated_since = filters.IsoDateTimeFilter(
        method="by_change", help_text="ISO 8601; without a zone, UTC."
    )
    q = TextFilter(
        method="by_words",
        help_text=f"Words in subject or description; the best of the newest {RANKED_AT_MOST:,} hits come first.",
    )

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = ()

    def by_label(self, tickets: QuerySet[Ticket], name: str, slug: str) -> QuerySet[Ticket]:
        return _belonging(tickets, label=Label.objects.filter(slug__iexact=slug))

    def by_email(self, tickets: QuerySet[Ticket], name: str, email: str) -> QuerySet[Ticket]:
        known = Requester.objects.exclude(email="").alias(lowered=Lower("email"))
        return _belonging(tickets, requester=known.filter(lowered=email.lower()))

    def by_tag(self, tickets: QuerySet[Ticket], name: str, tag: str) -> QuerySet[Ticket]:
        tagged = FilteredRelation("tag_rows", condition=Q(tag_rows__tag=tag))
        return tickets.alias(tagged=tagged).filter(tagged__tag=tag)

    def by_review(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(needs_review=value == "true")

    def by_change(self, tickets: QuerySet[Ticket], name: str, since: datetime) -> QuerySet[Ticket]:
        try:
            return tickets.filter(updated_at__gte=since.astimezone(UTC))
        except OverflowError:
            raise ValidationError({name: ["Is out of range."]}) from None

    def by_words(self, tickets: QuerySet[Ticket], name: str, words: str) -> QuerySet[Ticket]:
        return tickets.filter(search=_query(words))


def narrowed(tickets: QuerySet[Ticket], request: Request, *, also: Collection[str] = ()) -> Any:
    """The tickets that the request's parameters leave.

    Args:
        also: Parameters that others read.

    Raises:
        ValidationError: A parameter is unknown, doubled or unusable.
    """
    check_known(request, *TicketFilter.base_filters, *also)
    chosen = TicketFilter(request.query_params, queryset=tickets)
    if not chosen.is_valid():
        raise ValidationError(chosen.errors)
    return chosen.qs


def check_known(request: Request, *names: str) -> None:
    """Raises ValidationError where a parameter is neither one of `names` nor of the paging, or is given twice."""
    query = request.query_params
    known = {*names, SIZE, AFTER}
    faults = {name[:100]: ["There is no such parameter."] for name in query if name not in known}
    faults |= {name: ["Is given twice."] for name in query if len(query.getlist(name)) > 1}
    faults |= {name: ["Is empty."] for name in query if name in known and not query[name]}
    if faults:
        raise ValidationError(faults)


def ranked(tickets: QuerySet[Ticket], words: str) -> list[int]:
    """The ids of the newest of `tickets`, hits of `words`, the best first: what is ranked is bounded, however common they are."""
    newest = tickets.order_by("-updated_at", "-id")
    rank = SearchRank(F("search"), _query(words))
    found = newest.annotate(rank=rank).values_list("rank", "pk")[:RANKED_AT_MOST]
    return [number for _, number in sorted(found, reverse=True)]


def _belonging(tickets: QuerySet[Ticket], **owner: QuerySet[Any]) -> QuerySet[Ticket]:
    """Those of one owner, by its id: how many that are the planner cannot know of a subquery."""
    ((name, rows),) = owner.items()
    return tickets.filter(**{f"{name}__in": list(rows.values_list("pk", flat=True)[:1])})


def _query(words: str) -> SearchQuery:
    return SearchQuery(words, search_type="websearch", config="simple")


def parameters() -> list[OpenApiParameter]:
    """The filters and the paging, for the schema."""
    return [*map(_parameter, TicketFilter.base_filters.items()), *PAGING]


def _parameter(named: tuple[str, filters.Filter]) -> OpenApiParameter:
    name, filter_ = named
    about = str(filter_.extra.get("help_text") or "")
    return OpenApiParameter(name, _schema(filter_), description=about)


def _schema(filter_: filters.Filter) -> dict[str, Any]:
    if isinstance(filter_, IdFilter):
        return ID
    if isinstance(filter_, filters.IsoDateTimeFilter):
        return {"type": "string", "format": "date-time"}
    if choices := [str(value) for value, _ in filter_.extra.get("choices", [])]:
        return {"type": "string", "enum": choices}
    return TEXT


PAGING = [
    OpenApiParameter(
        SIZE,
        {"type": "integer", "minimum": 1, "maximum": SIZE_MAX},
        description=f"1 to {SIZE_MAX}, by default {SIZE_DEFAULT}.",
    ),
    OpenApiParameter(
        AFTER,
        {"type": "string", "minLength": 1},
        description="`meta.after_cursor` of the page before.",
    ),
]
