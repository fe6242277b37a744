"""The agents' queue: one page of rows by keyset, the counts beside the views, the choices of the filter bar.

Nothing here counts further than `COUNT_STOP` or skips rows, so a page costs the same in a million tickets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db.models import IntegerField, Manager, Q, QuerySet, Subquery, TextChoices
from django.db.models.functions import Left

from accounts.models import Team, User
from triage.models import (
    Decision,
    Field,
    FieldDecision,
    Label,
    State,
    Ticket,
    Triage,
)
from triage.models.tickets import FINISHED, OPEN
from triage.selectors.cursor import BIGGEST_ID, Cursor

PAGE_ROWS = 50
COUNT_STOP = 1_000
OPENING_CHARACTERS = 240


class View(TextChoices):
    """The views of the left rail, in its order."""

    REVIEW = "review", "Needs review"
    OPEN = "open", "All open"
    UNASSIGNED = "unassigned", "Unassigned"
    MINE = "mine", "Mine"
    SKIPPED = "skipped", "AI skipped"
    SOLVED = "solved", "Solved"
    ALL = "all", "All tickets"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; "" is no narrowing. `label` and `team` are slugs, `text` a web-style search."""

    view: View = View.REVIEW
    label: str = ""
    priority: str = ""
    status: str = ""
    team: str = ""
    text: str = ""

    @property
    def is_narrowed(self) -> bool:
        return any((self.label, self.priority, self.status, self.team, self.text))

    @property
    def is_oldest_first(self) -> bool:
        """Who waits longest is reviewed first; everywhere else the newest is on top."""
        return self.view is View.REVIEW


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A label that triage named, and how sure it was (0 to 1, None where it gave no number).

    `is_sure`: it reached its threshold, and only waits for a person's yes.
    """

    name: str
    confidence: float | None
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket of the list, complete: showing it asks the database nothing.

    `suggestion` is there only while nobody has settled the label, `runner_up` only where the suggestion is not sure.
    `likely_priority` is what triage thinks while none is set. `language` is a code, "" for English.
    """

    ticket: Ticket
    title: str
    opening: str
    suggestion: Suggestion | None
    runner_up: Suggestion | None
    is_underway: bool
    is_skipped: bool
    likely_priority: str
    language: str
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE_ROWS rows in the list's order, and the cursors of the pages beside it."""

    rows: tuple[Row, ...]
    previous: Cursor | None
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class Choice:
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filter bar offers: the active labels and the teams, by name."""

    labels: tuple[Choice, ...]
    teams: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class First:
    """The first tickets of a list in its order, and whether there are more."""

    ids: tuple[int, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Owners:
    """The ids that filters name by slugs, each in a list."""

    labels: Mapping[str, list[int]]
    teams: Mapping[str, list[int]]


class _BoundedCount(Subquery):
    """How many rows the (sliced) inner query has."""

    template = "(SELECT count(*) FROM (%(subquery)s) bounded)"
    output_field = IntegerField()


def page(filters: Filters, *, by: User, after: Cursor | None = None) -> Page:
    """The rows that `by` sees under `filters`, in three queries."""
    is_back = after is not None and after.is_back
    tickets, order = _place(filters, by, after)
    found = list(_first_of(tickets, order))
    has_more = len(found) > PAGE_ROWS
    found = found[:PAGE_ROWS]
    if is_back:
        found.reverse()
    has_previous = has_more if is_back else after is not None
    has_following = is_back or has_more
    return Page(
        rows=_rows(found),
        previous=_cursor(found[0], is_back=True) if found and has_previous else None,
        following=_cursor(found[-1], is_back=False) if found and has_following else None,
    )


def page_ids(filters: Filters, *, by: User, after: Cursor | None = None) -> list[int]:
    """The tickets that `page` would show, by an index alone: what has come and gone since it was shown."""
    tickets, order = _place(filters, by, after)
    return list(tickets.order_by(*order).values_list("pk", flat=True)[:PAGE_ROWS])


def first_ids(filters: Filters, *, by: User, limit: int) -> First:
    """The first `limit` tickets that `by` sees under `filters`, by an index alone like a page's."""
    order = _order(ascending=filters.is_oldest_first)
    found = matching(filters, by=by).order_by(*order).values_list("pk", flat=True)[: limit + 1]
    ids = tuple(found)
    return First(ids[:limit], has_more=len(ids) > limit)


def matching(filters: Filters, *, by: User) -> QuerySet[Ticket]:
    """All tickets that `by` sees under `filters`, in no order."""
    return _narrowed(filters, by, _owners([filters]))


def counts(by: User) -> dict[View, int]:
    """How many tickets each view has, in one query; COUNT_STOP + 1 stands for "more than COUNT_STOP"."""
    bounded = [
        _BoundedCount(_in_view(view, by).order_by().values("pk")[: COUNT_STOP + 1]) for view in View
    ]
    found = User.objects.filter(pk=by.pk).order_by().values_list(*bounded).get()
    return dict(zip(View, found, strict=True))


def counts_of(several: Sequence[Filters], *, by: User) -> list[int]:
    """How many tickets `by` sees under each of the filters, counted as `counts` does; three queries at most."""
    owners = _owners(several)
    bounded = [
        _BoundedCount(_narrowed(each, by, owners).order_by().values("pk")[: COUNT_STOP + 1])
        for each in several
    ]
    if not bounded:
        return []
    found = User.objects.filter(pk=by.pk).order_by().values_list(*bounded).get()
    return [number or 0 for number in found]  # none where a label or a team is gone


def choices() -> Choices:
    """The filter bar's choices, in two queries."""
    labels = Label.objects.filter(is_active=True).order_by("name").values_list("slug", "name")
    teams = Team.objects.values_list("slug", "name")
    return Choices(
        labels=tuple(Choice(*row) for row in labels), teams=tuple(Choice(*row) for row in teams)
    )


def has_tickets() -> bool:
    """Whether there is any ticket at all."""
    return Ticket.objects.exists()


def _in_view(view: View, by: User) -> QuerySet[Ticket]:
    is_open = Q(status__in=OPEN)
    belongs = {
        View.REVIEW: is_open & Q(needs_review=True),
        View.OPEN: is_open,
        View.UNASSIGNED: is_open & Q(assignee=None),
        View.MINE: is_open & Q(assignee=by),
        View.SKIPPED: is_open & Q(is_skipped=True),
        View.SOLVED: Q(status__in=FINISHED),
        View.ALL: Q(),
    }
    return Ticket.objects.filter(belongs[view])


def _narrowed(filters: Filters, by: User, owners: _Owners) -> QuerySet[Ticket]:
    tickets = _in_view(filters.view, by)
    if filters.label:
        tickets = tickets.filter(filed_label__in=owners.labels.get(filters.label, []))
    if filters.priority:
        tickets = tickets.filter(priority=filters.priority)
    if filters.status:
        tickets = tickets.filter(status=filters.status)
    if filters.team:
        tickets = tickets.filter(team__in=owners.teams.get(filters.team, []))
    if filters.text:
        tickets = tickets.filter(_says(filters.text))
    return tickets


def _owners(several: Sequence[Filters]) -> _Owners:
    return _Owners(
        labels=_ids(Label.objects, {each.label for each in several}),
        teams=_ids(Team.objects, {each.team for each in several}),
    )


def _ids(owners: Manager[Label] | Manager[Team], slugs: set[str]) -> dict[str, list[int]]:
    """Those that have the slugs: how many tickets are whose, the planner cannot know of a subquery."""
    if not (wanted := slugs - {""}):
        return {}
    return {slug: [pk] for slug, pk in owners.filter(slug__in=wanted).values_list("slug", "pk")}


def _place(
    filters: Filters, by: User, after: Cursor | None
) -> tuple[QuerySet[Ticket], tuple[str, str]]:
    """The tickets from a place of the list on, and the order to read them in."""
    ascending = filters.is_oldest_first is not (after is not None and after.is_back)
    tickets = matching(filters, by=by)
    if after:
        tickets = tickets.filter(_beyond(after, ascending=ascending))
    return tickets, _order(ascending=ascending)


def _says(text: str) -> Q:
    """The words stand in the ticket, or are its number."""
    words = Q(search=SearchQuery(text, search_type="websearch", config="simple"))
    number = text.strip().removeprefix("#")
    is_number = number.isascii() and number.isdigit() and int(number) <= BIGGEST_ID
    return words | Q(pk=int(number)) if is_number else words


def _beyond(cursor: Cursor, *, ascending: bool) -> Q:
    """Rows past the cursor. The first condition says what the others imply, so that an index starts there."""
    moment, number = cursor.created_at, cursor.id
    if ascending:
        later = Q(created_at__gt=moment) | Q(created_at=moment, id__gt=number)
        return Q(created_at__gte=moment) & later
    earlier = Q(created_at__lt=moment) | Q(created_at=moment, id__lt=number)
    return Q(created_at__lte=moment) & earlier


def _first_of(tickets: QuerySet[Ticket], order: tuple[str, str]) -> QuerySet[Ticket]:
    """A page and one more, with all that a row shows, their long texts left behind.

    Which tickets they are is found first, by an index alone: what else a row shows is read for these few.
    """
    first = tickets.order_by(*order).values("pk")[: PAGE_ROWS + 1]
    return (
        Ticket.objects.filter(pk__in=first)
        .select_related("requester", "label", "team", "assignee", "triage")
        .prefetch_related("triage__fields")
        .defer("description", "custom_fields", "search")
        .annotate(opening=Left("description", OPENING_CHARACTERS))
        .order_by(*order)[: PAGE_ROWS + 1]
    )


def _order(*, ascending: bool) -> tuple[str, str]:
    return ("created_at", "id") if ascending else ("-created_at", "-id")


def _cursor(ticket: Ticket, *, is_back: bool) -> Cursor:
    return Cursor(ticket.created_at, ticket.pk, is_back=is_back)


def _rows(tickets: list[Ticket]) -> tuple[Row, ...]:
    decisions = [(ticket, _open_label_decision(ticket)) for ticket in tickets]
    names = _names(decision for _, decision in decisions if decision)
    return tuple(_row(ticket, decision, names) for ticket, decision in decisions)


def _row(ticket: Ticket, decision: FieldDecision | None, names: Mapping[str, str]) -> Row:
    suggestion, runner_up = _guesses(decision, names)
    opening = " ".join(str(vars(ticket)["opening"]).split())
    language = ticket.language or _value(ticket.triage, Field.LANGUAGE)
    return Row(
        ticket=ticket,
        title=ticket.subject or opening,
        opening=opening if ticket.subject else "",
        suggestion=suggestion,
        runner_up=runner_up,
        is_underway=_is_in(ticket.triage, State.QUEUED, State.RUNNING),
        is_skipped=_is_in(ticket.triage, State.SKIPPED),
        likely_priority="" if ticket.priority else _value(ticket.triage, Field.PRIORITY),
        language="" if language == "en" else language,
        is_negative=(ticket.sentiment or _value(ticket.triage, Field.SENTIMENT)) == "negative",
    )


def _open_label_decision(ticket: Ticket) -> FieldDecision | None:
    """The newest run's label decision, while neither a person nor a threshold has settled the label."""
    decision = ticket.triage.label_decision if ticket.triage else None
    is_settled = Field.LABEL in ticket.set_by_person
    is_open = decision and decision.value and decision.decision != Decision.APPLIED
    return decision if is_open and not is_settled else None


def _names(decisions: Iterable[FieldDecision]) -> dict[str, str]:
    """The labels' names by slug, for all that the decisions mention."""
    slugs = {slug for decision in decisions for slug, _ in _mentioned(decision)}
    if not slugs:
        return {}
    return dict(Label.objects.filter(slug__in=slugs).values_list("slug", "name"))


def _guesses(
    decision: FieldDecision | None, names: Mapping[str, str]
) -> tuple[Suggestion | None, Suggestion | None]:
    """The suggested label, and the next likely one where there is doubt."""
    if decision is None:
        return None, None
    (slug, confidence), *others = _mentioned(decision)
    is_sure = decision.is_sure and decision.decision == Decision.SUGGESTED
    suggestion = Suggestion(names.get(slug, slug), confidence, is_sure=is_sure)
    doubts = [Suggestion(names.get(other, other), share) for other, share in others]
    return suggestion, None if is_sure or not doubts else doubts[0]


def _mentioned(decision: FieldDecision) -> list[tuple[str, float | None]]:
    """The decision's value and its best alternative, where it has one."""
    others = [(other["value"], other["confidence"]) for other in decision.alternatives[:1]]
    return [(decision.value, decision.confidence), *others]


def _value(triage: Triage | None, field: Field) -> str:
    """What the run thinks of a side field, unless it is a mere guess."""
    decision = triage.decision_on(field) if triage else None
    return decision.value if decision and decision.decision != Decision.WITHHELD else ""


def _is_in(triage: Triage | None, *states: State) -> bool:
    return triage is not None and triage.state in states
